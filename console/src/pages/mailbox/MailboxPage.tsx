import { Button, Select } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { mailbox } from '~/api/queries'
import { TopBar } from '~/frame/TopBar'
import { LetterDrawing, SieveDrawing } from '~/parts/Drawings'
import { LiveMark, PausedStrip } from '~/parts/Live'
import { SearchBox } from '~/parts/SearchBox'
import { Empty, Failed, isMissing, Missing, Waiting } from '~/parts/States'
import { CHANNEL_NAMES, channelName } from '~/words/happenings'
import { counted, t } from '~/words/language'
import styles from './MailboxPage.module.css'
import { MailList } from './MailList'
import { MailView } from './MailView'
import { TheirPhone } from './TheirPhone'

const here = getRouteApi('/mailbox')

/** Every message this workspace sent to its built-in mailbox: the list, and the one that is open, or somebody's phone. */
export function MailboxPage() {
  const { text = '', mail, medium = '', person = '' } = here.useSearch()
  const navigate = here.useNavigate()
  const query = useInfiniteQuery(mailbox(text, medium, person))
  const messages = query.data?.pages.flatMap((page) => page.messages) ?? []
  const total = query.data?.pages[0]?.total ?? 0
  // The newest mail opens by itself, once: mail that arrives later must not push it away while it is read.
  const asked = `${medium} ${person} ${text}`
  const [newest, setNewest] = useState<{ asked: string; id: number } | null>(null)
  const first = messages[0]?.id
  useEffect(() => {
    if (first !== undefined && !query.isPlaceholderData) setNewest((old) => (old?.asked === asked ? old : { asked, id: first }))
  }, [first, asked, query.isPlaceholderData])
  const open = mail ?? (messages.length > 0 && newest?.asked === asked && !person ? newest.id : undefined)
  const filter = (wanted: { text?: string; medium?: string; person?: string }) =>
    void navigate({ search: (old) => ({ ...old, ...wanted, mail: undefined }), replace: true })
  const find = (wanted: string) => filter({ text: wanted || undefined })
  return (
    <>
      <TopBar title={t('Mailbox')} beside={<LiveMark />} />
      <div className={styles.panes} data-open={mail !== undefined || person !== '' || undefined}>
        <div className={styles.side}>
          <div className={styles.tools}>
            <SearchBox label={t('Find messages')} hint={t('Recipient or words')} value={text} onChange={find} />
            <Select
              aria-label={t('Channel')}
              data={[{ value: '', label: t('Every channel') }, ...CHANNEL_NAMES.map((value) => ({ value, label: channelName(value) }))]}
              value={medium}
              onChange={(value) => filter({ medium: value || undefined })}
            />
            {person && (
              <Button variant="subtle" justify="start" leftSection={<X size={14} />} onClick={() => filter({ person: undefined })}>
                {t('Only {{person}}: show everybody', { person })}
              </Button>
            )}
            <p className="quiet" role="status">
              {query.data ? medium === 'email' ? counted(total, '{{count}} mail', '{{count}} mails') : counted(total, '{{count}} message', '{{count}} messages') : ''}
            </p>
            <PausedStrip />
          </div>
          {query.isPending ? (
            <Waiting rows={8} height={60} />
          ) : isMissing(query.error) ? (
            <Missing said={query.error.message} />
          ) : query.isError ? (
            <Failed what={t('The messages did not load')} error={query.error} retry={() => void query.refetch()} />
          ) : messages.length > 0 ? (
            <MailList
              messages={messages}
              open={open}
              choose={(id) => void navigate({ search: (old) => ({ ...old, mail: id }), replace: true })}
              more={query.hasNextPage ? () => void query.fetchNextPage() : null}
            />
          ) : text || medium ? (
            <Empty
              title={text ? t('Nothing matches “{{text}}”', { text }) : t('Nothing by {{channel}} yet', { channel: channelName(medium) })}
              drawing={<SieveDrawing />}
              actions={<Button onClick={() => filter({ text: undefined, medium: undefined })}>{t('Clear the filters')}</Button>}
            >
              {t('Write an address to look among recipients, or a few words of the message; or look at every channel.')}
            </Empty>
          ) : (
            <Empty title={t('No messages yet')} drawing={<LetterDrawing />}>
              {t('What journeys and campaigns send to the built-in mailbox shows here, and goes nowhere else.')}
            </Empty>
          )}
        </div>
        {open ? (
          <MailView
            key={open}
            id={open}
            back={() => void navigate({ search: (old) => ({ ...old, mail: undefined }) })}
            phone={(who) => void navigate({ search: { person: who } })}
          />
        ) : person ? (
          <TheirPhone person={person} messages={messages} />
        ) : (
          <div className={styles.view} />
        )}
      </div>
    </>
  )
}
