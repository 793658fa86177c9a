import type { Mail } from '~/api/types'
import styles from './MailboxPage.module.css'
import { openable } from '~/parts/mailDocument'
import { t } from '~/words/language'

/** The mail's links, to follow as its reader would: a click here is a real click, and counts as one. */
export function MailLinks({ links }: { links: Mail['links'] }) {
  if (links.length === 0) return <p className="quiet">{t('This mail has no links.')}</p>
  return (
    <>
      <p className="quiet">{t('Following one acts as its reader: a click is counted, an unsubscribe unsubscribes.')}</p>
      <ul className={styles.links}>
        {links.map((url, i) => {
          return (
            <li key={`${i} ${url}`}>
              {openable(url) ? (
                <a className="link" href={url} target="_blank" rel="noopener noreferrer">
                  {url}
                </a>
              ) : (
                <span>{url}</span>
              )}
            </li>
          )
        })}
      </ul>
    </>
  )
}
