import { useState } from 'react'
import { Button } from '@mantine/core'
import { Chip } from '~/parts/Chip'
import tables from '~/parts/Table.module.css'
import { counted, t } from '~/words/language'
import { full, shortDay, clock } from '~/words/moments'
import { told } from '~/words/told'
import styles from './Experiments.module.css'
import { modeWords, PathColours } from './paths'
import type { Paths } from './trials'

const SHOWN = 12

/** Why the shares are what they are: every weighing and everything that was said by hand. */
export function WeighingLog({ step }: { step: Paths }) {
  const [all, setAll] = useState(false)
  const now = new Date()
  const names = step.paths.map(({ path }) => path)
  if (step.log.length === 0) return <p className="quiet">{t('It was not weighed yet: people are divided evenly.')}</p>
  const shown = all ? step.log : step.log.slice(0, SHOWN)
  return (
    <>
      <div className={tables.block} tabIndex={0} role="region" aria-label={t('Change log')}>
        <table className={tables.table}>
          <thead>
            <tr>
              <th scope="col">{t('When')}</th>
              <th scope="col">{t('Shares from then on')}</th>
              <th scope="col">{t('Why')}</th>
              <th scope="col">{t('By')}</th>
              <th scope="col" className={tables.number}>
                {t('Weighing')}
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((each) => {
              const [tone, word] = modeWords(each.mode)
              return (
                <tr key={each.number}>
                  <td title={full(each.at)}>
                    {shortDay(each.at, now)}, {clock(each.at)}
                  </td>
                  <td>
                    <PathColours paths={names} shares={each.shares} />
                  </td>
                  <td className={styles.why}>
                    {told(each.reason)}
                    {each.groups > 0 && <span className="faint"> {counted(each.groups, '{{count}} group has shares of its own.', '{{count}} groups have shares of their own.')}</span>}
                  </td>
                  <td>{each.by || (each.mode === 'learning' ? <span className="faint">{t('What was learnt')}</span> : <Chip tone={tone}>{word}</Chip>)}</td>
                  <td className={tables.number} title={t('Seed {{seed}}', { seed: each.seed })}>
                    {each.number}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      {step.log.length > SHOWN && !all && (
        <div className={styles.after}>
          <Button onClick={() => setAll(true)}>{counted(step.log.length, 'Show all {{count}} weighing', 'Show all {{count}} weighings')}</Button>
        </div>
      )}
    </>
  )
}
