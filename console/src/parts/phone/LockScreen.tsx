import { MediumIcon } from '~/parts/MediumIcon'
import { Ago } from '~/parts/Moment'
import { channelName } from '~/words/happenings'
import { t } from '~/words/language'
import { Presses } from './Presses'
import styles from './Phone.module.css'
import { type Said, textOf } from './said'

/** Notifications as they lie on a lock screen, the newest on top. */
export function LockScreen({ messages }: { messages: Said[] }) {
  return (
    <ul className={styles.stack}>
      {messages.map(({ id, medium, from, at, parts }) => (
        <li key={id} className={styles.notice}>
          <p className={styles.meta}>
            <MediumIcon medium={medium} size={12} />
            <span className="cut">
              {from || t('Your app')} · {channelName(medium)}
            </span>
            {at && <Ago at={at} />}
          </p>
          <p className={styles.title}>{textOf(parts['title'])}</p>
          <p>{textOf(parts['body'])}</p>
          {textOf(parts['image']) && <p className={styles.picture}>{t('Picture')}</p>}
          <Presses parts={parts} />
        </li>
      ))}
    </ul>
  )
}
