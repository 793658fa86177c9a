import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import type { DeadLetter } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { Ago } from '~/parts/Moment'
import { channelName } from '~/words/happenings'
import { t } from '~/words/language'
import { clockSeconds, full, shortDay } from '~/words/moments'
import { count } from '~/words/numbers'
import { told } from '~/words/told'
import panes from '../data/DataPage.module.css'
import styles from './DeliveryPage.module.css'
import { useLetters } from './useLetters'

interface Props {
  letter: DeadLetter
  /** It was chosen, and is not just the first there is: on a phone, where it stands below all of them, it comes into view. */
  chosen: boolean
  done: (said: string) => void
}

/** One dead letter: to whom, from what, why it died, and what came of every attempt. */
export function LetterPane({ letter, chosen, done }: Props) {
  const pane = useRef<HTMLElement>(null)
  useEffect(() => {
    if (chosen) pane.current?.scrollIntoView({ block: 'nearest' })
  }, [chosen])
  const replay = useLetters('replay', done)
  const drop = useLetters('drop', done)
  const wish = { keys: [letter.key] }
  const doubt = letter.state === 'in_doubt'
  return (
    <aside ref={pane} className={panes.editor} aria-label={t('Dead letter')} tabIndex={0}>
      <div className={styles.head}>
        <h2>{told(letter.reason) || t('No reason was given')}</h2>
        <Chip tone={doubt ? 'warn' : 'bad'}>{doubt ? t('in doubt') : t('failed')}</Chip>
      </div>
      <dl className={panes.facts}>
        <div>
          <dt>{t('Recipient')}</dt>
          <dd>{letter.address}</dd>
        </div>
        <div>
          <dt>{t('Channel')}</dt>
          <dd>{channelName(letter.channel)}</dd>
        </div>
        <div>
          <dt>{t('From')}</dt>
          <dd>
            {letter.origin_kind === 'keyword' ? (
              t('The answer to “{{word}}”', { word: letter.step })
            ) : (
              <>
                <Link className="link" to={letter.origin_kind === 'journey' ? '/journeys/$id' : '/campaigns/$id'} params={{ id: letter.origin }}>
                  {letter.origin}
                </Link>{' '}
                {t('v{{version}}, step {{step}}', { version: String(letter.version), step: letter.step })}
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>{t('What it is')}</dt>
          <dd>{letter.transactional ? t('Transactional') : t('Marketing, {{topic}}', { topic: letter.topic })}</dd>
        </div>
        <div>
          <dt>{t('Asked for')}</dt>
          <dd>
            <Ago at={letter.created_at} />
          </dd>
        </div>
        <div>
          <dt>{t('Given up')}</dt>
          <dd>
            <Ago at={letter.dead_at} />
          </dd>
        </div>
      </dl>
      <h3>
        {t('Attempts')} <span className="quiet">{count(letter.attempts)}</span>
      </h3>
      {letter.answers.length > 0 ? (
        <ol className={styles.answers}>
          {letter.answers.map(({ at, said }) => (
            <li key={at + said}>
              <time dateTime={at} title={full(at)} className="quiet">
                {shortDay(at, new Date())}, {clockSeconds(at)}
              </time>
              <span>{said}</span>
            </li>
          ))}
        </ol>
      ) : (
        <p className="quiet">{t('No answer of an attempt is kept.')}</p>
      )}
      <p className={doubt ? styles.warn : 'quiet'}>
        {!letter.replayable
          ? t('Marketing as old as this is not sent any more.')
          : doubt
            ? t('The provider never answered: it may have been delivered. Sent again, it may arrive twice.')
            : t('Sent again, it goes out at once under the same key, after asking the gate once more.')}
      </p>
      {(replay.error ?? drop.error) && (
        <p className={panes.bad} role="alert">
          {t('Nothing was changed.')} {(replay.error ?? drop.error)?.message}
        </p>
      )}
      <div className={panes.actions}>
        <Button loading={drop.isPending} onClick={() => drop.mutate(wish)}>
          {t('Drop')}
        </Button>
        <Button variant="filled" disabled={!letter.replayable} loading={replay.isPending} onClick={() => replay.mutate(wish)}>
          {t('Send again')}
        </Button>
      </div>
    </aside>
  )
}
