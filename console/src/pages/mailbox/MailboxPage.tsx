import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { mailbox } from '~/api/queries'
import { TopBar } from '~/frame/TopBar'
import { LetterDrawing, SieveDrawing } from '~/parts/Drawings'
import { LiveMark, PausedStrip } from '~/parts/Live'
import { SearchBox } from '~/parts/SearchBox'
import { Empty, Failed, Waiting } from '~/parts/States'
import { plural } from '~/words/numbers'
import styles from './MailboxPage.module.css'
import { MailList } from './MailList'
import { MailView } from './MailView'

const here = getRouteApi('/mailbox')

/** Every mail this workspace sent to its built-in mailbox: the list, and the one that is open. */
export function MailboxPage() {
  const { text = '', mail } = here.useSearch()
  const navigate = here.useNavigate()
  const query = useInfiniteQuery(mailbox(text))
  const messages = query.data?.pages.flatMap((page) => page.messages) ?? []
  const total = query.data?.pages[0]?.total ?? 0
  // The newest mail opens by itself, once: mail that arrives later must not push it away while it is read.
  const [newest, setNewest] = useState<{ text: string; id: number } | null>(null)
  const first = messages[0]?.id
  useEffect(() => {
    if (first !== undefined && !query.isPlaceholderData) setNewest((old) => (old?.text === text ? old : { text, id: first }))
  }, [first, text, query.isPlaceholderData])
  const open = mail ?? (messages.length > 0 && newest?.text === text ? newest.id : undefined)
  const find = (wanted: string) => void navigate({ search: wanted ? { text: wanted } : {}, replace: true })
  return (
    <>
      <TopBar title="Mailbox" beside={<LiveMark />} />
      <div className={styles.panes} data-open={mail !== undefined || undefined}>
        <div className={styles.side}>
          <div className={styles.tools}>
            <SearchBox label="Find mail" hint="Recipient or words" value={text} onChange={find} />
            <p className="quiet" role="status">
              {query.data ? plural(total, 'mail') : ''}
            </p>
            <PausedStrip />
          </div>
          {query.isPending ? (
            <Waiting rows={8} height={60} />
          ) : query.isError ? (
            <Failed what="The mail did not load" error={query.error} retry={() => void query.refetch()} />
          ) : messages.length > 0 ? (
            <MailList
              messages={messages}
              open={open}
              choose={(id) => void navigate({ search: (old) => ({ ...old, mail: id }), replace: true })}
              more={query.hasNextPage ? () => void query.fetchNextPage() : null}
            />
          ) : text ? (
            <Empty title={`No mail matches “${text}”`} drawing={<SieveDrawing />} actions={<Button onClick={() => find('')}>Clear the search</Button>}>
              Write an address to look among recipients, or a few words of the mail.
            </Empty>
          ) : (
            <Empty title="No mail yet" drawing={<LetterDrawing />}>
              Mail that journeys and campaigns send to the built-in mailbox shows here, and goes nowhere else.
            </Empty>
          )}
        </div>
        {open ? (
          <MailView key={open} id={open} back={() => void navigate({ search: (old) => ({ ...old, mail: undefined }) })} />
        ) : (
          <div className={styles.view} />
        )}
      </div>
    </>
  )
}
