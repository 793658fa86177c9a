import { Button, Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ArrowLeft, Smartphone } from 'lucide-react'
import { mail as mailQuery } from '~/api/queries'
import type { Mail } from '~/api/types'
import { Chip } from '~/parts/Chip'
import { Answered, Waiting } from '~/parts/States'
import { channelName } from '~/words/happenings'
import { t } from '~/words/language'
import { clockSeconds, full, shortDay } from '~/words/moments'
import { bytes, count } from '~/words/numbers'
import { Said } from '~/words/Said'
import { KeptMessage } from './KeptMessage'
import styles from './MailboxPage.module.css'
import { MailLinks } from './MailLinks'
import { Preview } from './Preview'

interface Props {
  id: number
  back: () => void
  /** Shows everything the person got, on their phone. */
  phone: (person: string) => void
}

export function MailView({ id, back, phone }: Props) {
  const query = useQuery(mailQuery(id))
  return (
    <section className={styles.view} aria-label={t('Message')} tabIndex={0}>
      <div className={styles.back}>
        <Button variant="subtle" leftSection={<ArrowLeft size={14} />} onClick={back}>
          {t('All messages')}
        </Button>
      </div>
      <Answered query={query} what={t('This message did not load')} waiting={<Waiting rows={6} height={60} />}>
        {(mail) => (
          <>
            <Head mail={mail} phone={phone} />
            {mail.words ? <KeptMessage mail={mail} words={mail.words} /> : <Message mail={mail} />}
          </>
        )}
      </Answered>
    </section>
  )
}

function Head({ mail, phone }: { mail: Mail; phone: (person: string) => void }) {
  return (
    <div className={styles.head}>
      <div className={styles.line}>
        <h2>{mail.subject || (mail.words ? channelName(mail.medium) : t('No subject'))}</h2>
        {(mail.subject || !mail.words) && <Chip>{channelName(mail.medium)}</Chip>}
        {mail.user_id && (
          <Button leftSection={<Smartphone size={14} />} onClick={() => phone(mail.user_id)}>
            {t('Their phone')}
          </Button>
        )}
      </div>
      <p>
        <Said
          text="To <to>{{to}}</to>, from <from>{{from}}</from>"
          values={{ to: mail.to, from: mail.from }}
          parts={{
            to: mail.user_id ? <Link to="/people/$id" params={{ id: mail.user_id }} className="link" /> : <Link to="/people" search={{ text: mail.to }} className="link" />,
            from: <b />,
          }}
        />
      </p>
      <p>
        <time dateTime={mail.received_at} title={full(mail.received_at)}>
          {shortDay(mail.received_at, new Date())}, {clockSeconds(mail.received_at)}
        </time>{' '}
        · {bytes(mail.size_bytes)}
      </p>
    </div>
  )
}

function Message({ mail }: { mail: Mail }) {
  return (
    <Tabs defaultValue={mail.html ? 'message' : 'text'} className={styles.tabs}>
      <Tabs.List>
        {mail.html && <Tabs.Tab value="message">{t('Message')}</Tabs.Tab>}
        <Tabs.Tab value="text">{t('Plain text')}</Tabs.Tab>
        <Tabs.Tab value="headers">{t('Headers')}</Tabs.Tab>
        <Tabs.Tab value="links">{t('Links')} {count(mail.links.length)}</Tabs.Tab>
      </Tabs.List>
      {mail.html && (
        <Tabs.Panel value="message" className={styles.panel}>
          <Preview html={mail.html} />
        </Tabs.Panel>
      )}
      <Tabs.Panel value="text" className={styles.panel}>
        <pre className={styles.text} tabIndex={0}>
          {mail.text || t('This mail has no plain text.')}
        </pre>
      </Tabs.Panel>
      <Tabs.Panel value="headers" className={styles.panel}>
        <dl className={styles.headers}>
          {Object.entries(mail.headers).map(([name, value]) => (
            <HeaderLine key={name} name={name} value={value} />
          ))}
        </dl>
      </Tabs.Panel>
      <Tabs.Panel value="links" className={styles.panel}>
        <MailLinks links={mail.links} />
      </Tabs.Panel>
    </Tabs>
  )
}

function HeaderLine({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  )
}
