import { Tabs } from '@mantine/core'
import type { Mail, Properties } from '~/api/types'
import { JsonText } from '~/parts/JsonText'
import { Phone } from '~/parts/phone/Phone'
import { addressesOf, screenOf } from '~/parts/phone/said'
import { t } from '~/words/language'
import { count } from '~/words/numbers'
import styles from './MailboxPage.module.css'
import { MailLinks } from './MailLinks'

/** A message of another channel than mail: as a phone shows it, part by part, and where it leads. */
export function KeptMessage({ mail, words }: { mail: Mail; words: Properties }) {
  const links = addressesOf(words)
  const shows = screenOf(mail.medium) !== null
  return (
    <Tabs defaultValue={shows ? 'seen' : 'parts'} className={styles.tabs}>
      <Tabs.List>
        {shows && <Tabs.Tab value="seen">{t('As it is seen')}</Tabs.Tab>}
        <Tabs.Tab value="parts">{t('Parts')}</Tabs.Tab>
        <Tabs.Tab value="links">{t('Links')} {count(links.length)}</Tabs.Tab>
      </Tabs.List>
      {shows && (
        <Tabs.Panel value="seen" className={styles.panel}>
          <Phone messages={[{ id: mail.id, medium: mail.medium, from: mail.from, at: mail.received_at, parts: words }]} />
        </Tabs.Panel>
      )}
      <Tabs.Panel value="parts" className={styles.panel}>
        <JsonText label={t('Parts of the message')} value={words} />
      </Tabs.Panel>
      <Tabs.Panel value="links" className={styles.panel}>
        <MailLinks links={links} />
      </Tabs.Panel>
    </Tabs>
  )
}
