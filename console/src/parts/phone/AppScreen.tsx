import { useMemo } from 'react'
import { Ago } from '~/parts/Moment'
import { mailDocument } from '~/parts/mailDocument'
import { counted, t } from '~/words/language'
import { Presses } from './Presses'
import styles from './Phone.module.css'
import { type Said, textOf } from './said'

/** The app: the newest in-app message over it, and the inbox with everything that was put there. */
export function AppScreen({ messages }: { messages: Said[] }) {
  const [over] = messages.filter(({ medium }) => medium === 'in_app')
  const inbox = messages.filter(({ medium }) => medium === 'inbox')
  const earlier = messages.filter(({ medium }) => medium === 'in_app').length - 1
  return (
    <>
      {over && <Sheet said={over} />}
      {earlier > 0 && <p className={styles.meta}>{counted(earlier, '{{count}} earlier in-app message below this one.', '{{count}} earlier in-app messages below this one.')}</p>}
      {inbox.length > 0 && (
        <div className={styles.inbox}>
          <h2>{t('Inbox')}</h2>
          <ul>
            {inbox.map(({ id, at, parts }) => (
              <li key={id}>
                <p className={styles.title}>{textOf(parts['title'])}</p>
                <p>{textOf(parts['body'])}</p>
                <Presses parts={parts} />
                {at && (
                  <p className={styles.meta}>
                    <Ago at={at} />
                  </p>
                )}
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  )
}

function Sheet({ said: { parts } }: { said: Said }) {
  const kind = textOf(parts['kind']) || 'banner'
  const html = textOf(parts['html'])
  const safe = useMemo(() => mailDocument(html), [html])
  return (
    <div className={styles.sheet} data-kind={kind}>
      {kind === 'html' ? (
        <iframe title={t('The in-app message')} sandbox="" srcDoc={safe} referrerPolicy="no-referrer" />
      ) : (
        <>
          {textOf(parts['image']) && <p className={styles.picture}>{t('Picture')}</p>}
          <p className={styles.title}>{textOf(parts['title'])}</p>
          <p>{textOf(parts['body'])}</p>
          <Presses parts={parts} />
        </>
      )}
    </div>
  )
}
