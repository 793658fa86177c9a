import { fieldName } from '~/words/declared'
import { t } from '~/words/language'
import { shown } from '~/words/people'
import type { Json } from '~/api/types'
import { duration } from '~/words/moments'
import { asFields, exitWords } from '../graph'
import { stepKind } from '../looks'
import { type Change, changesBetween } from './differences'
import type { Definition } from './draft'
import styles from './Editor.module.css'
import { namesOf } from './names'

interface Props {
  before: Definition
  after: Definition
  titles: { before: string; after: string }
  titleOf: (id: string) => string
}

/** Side by side what was said and what is said now. */
export function Differences({ before, after, titles, titleOf: titleNow }: Props) {
  const titleOf = namesOf(before, after, titleNow)
  const changes = changesBetween(before, after)
  if (changes.length === 0) return <p className="quiet">{t('They say the same.')}</p>
  return (
    <div className={styles.scrolled} tabIndex={0} role="region" aria-label={t('What is different')}>
      <table className={styles.differences}>
        <thead>
          <tr>
            <th scope="col">{t('Where')}</th>
            <th scope="col">{titles.before}</th>
            <th scope="col">{titles.after}</th>
          </tr>
        </thead>
        <tbody>
          {changes.map((each) => (
            <tr key={`${each.step} ${each.field}`}>
              <th scope="row">
                <b>{each.step === '' ? t('The journey') : titleOf(each.step)}</b>
                <span className="quiet">{each.field === '' ? t('The whole step') : each.field.split('.').map(nameOf).join(' › ')}</span>
              </th>
              <td>{each.before === undefined ? <i className="quiet">{t('Not there')}</i> : <Told change={each} value={each.before} titleOf={titleOf} />}</td>
              <td>{each.after === undefined ? <i className="quiet">{t('Not there')}</i> : <Told change={each} value={each.after} titleOf={titleOf} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const MOST = 400

function Told({ change: { step, field }, value, titleOf }: { change: Change; value: Json; titleOf: (id: string) => string }) {
  if (step !== '' && field === '') {
    const { type, exits, ...fields } = asFields(value)
    return (
      <>
        <b>{stepKind(String(type))}</b>
        {Object.entries(fields).map(([name, each]) => (
          <span key={name} className="quiet">
            {nameOf(name)}: {said(name, each)}
          </span>
        ))}
        {Object.entries(asFields(exits)).map(([exit, to]) => (
          <span key={exit} className="quiet">
            {exitWords(exit)} → {titleOf(String(to))}
          </span>
        ))}
      </>
    )
  }
  return field.startsWith('exits.') ? titleOf(String(value)) : said(field, value)
}

/** Seconds are written as time, and what they are called goes without them. */
const nameOf = (field: string) => (field === 'seconds' ? t('How long') : fieldName(field).replace(/ seconds$/, ''))

function said(field: string, value: Json): string {
  if (typeof value === 'number' && /seconds$/.test(field)) return duration(value)
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value, null, 1) : shown(value)
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text
}
