import { MediumIcon } from '~/parts/MediumIcon'
import { Ago } from '~/parts/Moment'
import { channelName } from '~/words/happenings'
import { t } from '~/words/language'
import { Presses } from './Presses'
import styles from './Phone.module.css'
import { parametersOf, plainOf, type Said, textOf } from './said'

const ORDER = ['sms', 'whatsapp', 'telegram', 'slack']

/** Conversations, one for each channel, the oldest message first as chats have them. */
export function Chats({ messages }: { messages: Said[] }) {
  return ORDER.filter((medium) => messages.some((each) => each.medium === medium)).map((medium) => (
    <div key={medium} className={styles.chat} data-medium={medium}>
      <h2>
        <MediumIcon medium={medium} size={12} /> {channelName(medium)}
      </h2>
      <ul className={styles.stack}>
        {messages
          .filter((each) => each.medium === medium)
          .reverse()
          .map((each) => (
            <li key={each.id} className={styles.bubble}>
              <Bubble said={each} />
            </li>
          ))}
      </ul>
    </div>
  ))
}

function Bubble({ said: { at, parts } }: { said: Said }) {
  const template = textOf(parts['template'])
  return (
    <>
      {(textOf(parts['media_url']) || textOf(parts['image']) || textOf(parts['header'])) && <p className={styles.picture}>{t('Picture')}</p>}
      {template ? (
        <>
          <p className={styles.meta}>
            {t('Approved template')} <code>{template}</code>
          </p>
          <ol className={styles.filled}>
            {parametersOf(parts).map((each, i) => (
              <li key={i}>{each}</li>
            ))}
          </ol>
        </>
      ) : (
        <p className={styles.said}>{plainOf(parts)}</p>
      )}
      <Presses parts={parts} />
      {at && (
        <p className={styles.meta}>
          <Ago at={at} />
        </p>
      )}
    </>
  )
}
