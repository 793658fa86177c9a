import { Button, Select } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { ChevronDown, ChevronRight, Download } from 'lucide-react'
import { Fragment, useState } from 'react'
import { address } from '~/api/client'
import { useMay } from '~/api/may'
import { audit, type AuditEntry } from '~/api/teamwork'
import { TopBar } from '~/frame/TopBar'
import { SieveDrawing } from '~/parts/Drawings'
import { Page } from '~/parts/Page'
import pageStyles from '~/parts/Page.module.css'
import { SearchBox } from '~/parts/SearchBox'
import { Empty, Failed, Waiting } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { actWords, KIND_NAMES, kindWords, placeOf } from '~/parts/teamwork/acts'
import { Changes } from '~/parts/teamwork/Changes'
import { t } from '~/words/language'
import { clock, dayHeading, full } from '~/words/moments'
import { NONE } from '~/words/numbers'
import styles from './AuditPage.module.css'

const here = getRouteApi('/audit')
const DAY_MS = 86_400_000
/** Spans to look back over, in days; none for ever. */
const SPANS: [string, () => string][] = [
  ['1', () => t('the last day')],
  ['7', () => t('the last 7 days')],
  ['30', () => t('the last 30 days')],
  ['', () => t('ever')],
]

const since = (days: string | undefined): string | undefined =>
  days ? new Date(Math.floor((Date.now() - Number(days) * DAY_MS) / 60_000) * 60_000).toISOString() : undefined

/** Who changed what, when and from where. */
export function AuditPage() {
  const may = useMay()
  return (
    <>
      <TopBar title={t('Audit log')}>{may('audit:read') && <ExportButton />}</TopBar>
      <Page>
        {may('audit:read') ? (
          <Log />
        ) : (
          <div className={pageStyles.card}>
            <Empty title={t('You may not see who changed what')} drawing={<SieveDrawing />}>
              {t('An owner or admin can grant it in Settings, under Accounts.')}
            </Empty>
          </div>
        )}
      </Page>
    </>
  )
}

function useQuestion() {
  const { who, kind, days } = here.useSearch()
  // To the minute, so that the question stays the same while it is looked at.
  return { who, kind, since: since(days) }
}

function ExportButton() {
  const question = useQuestion()
  return (
    <Button component="a" href={address('/api/audit/export', question)} download leftSection={<Download size={14} aria-hidden="true" />}>
      {t('Download as CSV')}
    </Button>
  )
}

function Log() {
  const search = here.useSearch()
  const navigate = here.useNavigate()
  const query = useInfiniteQuery(audit(useQuestion()))
  const entries = query.data?.pages.flatMap((page) => page.entries) ?? []
  const narrowed = Boolean(search.who || search.kind || search.days)
  return (
    <>
      <div className={styles.filters}>
        <SearchBox label={t('By whom')} hint={t('An address, or the name of a key')} value={search.who ?? ''} onChange={(who) => void navigate({ search: { ...search, who: who || undefined }, replace: true })} />
        <Select
          aria-label={t('Of what')}
          data={[{ value: '', label: t('Everything') }, ...KIND_NAMES.map((kind) => ({ value: kind, label: kindWords(kind) }))]}
          value={search.kind ?? ''}
          onChange={(kind) => void navigate({ search: { ...search, kind: kind || undefined }, replace: true })}
        />
        <Select
          aria-label={t('Since when')}
          data={SPANS.map(([value, label]) => ({ value, label: label() }))}
          value={search.days ?? ''}
          onChange={(days) => void navigate({ search: { ...search, days: days || undefined }, replace: true })}
        />
      </div>
      {query.isPending ? (
        <Waiting rows={10} />
      ) : query.isError ? (
        <Failed what={t('The log did not load')} error={query.error} retry={() => void query.refetch()} />
      ) : entries.length === 0 ? (
        <div className={pageStyles.card}>
          <Empty
            title={narrowed ? t('No change like that') : t('Nobody has changed anything yet')}
            drawing={<SieveDrawing />}
            actions={narrowed && <Button onClick={() => void navigate({ search: {} })}>{t('Show every change')}</Button>}
          >
            {narrowed ? t('Nobody made such a change in that time.') : t('Every change is noted here: who made it, when, from where, and what was before.')}
          </Empty>
        </div>
      ) : (
        <Entries entries={entries} />
      )}
      {query.hasNextPage && (
        <div>
          <Button onClick={() => void query.fetchNextPage()} loading={query.isFetchingNextPage}>
            {t('Show older changes')}
          </Button>
        </div>
      )}
    </>
  )
}

function Entries({ entries }: { entries: AuditEntry[] }) {
  const [open, setOpen] = useState<number | null>(null)
  const now = new Date()
  let day = ''
  return (
    <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Changes')}>
      <table className={tableStyles.table}>
        <thead>
          <tr>
            <th scope="col">{t('When')}</th>
            <th scope="col">{t('Who')}</th>
            <th scope="col">{t('What')}</th>
            <th scope="col">{t('From')}</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => {
            const heading = dayHeading(entry.at, now)
            const first = heading !== day
            day = heading
            return (
              <Fragment key={entry.id}>
                {first && (
                  <tr className={styles.day}>
                    <th scope="colgroup" colSpan={4}>
                      {heading}
                    </th>
                  </tr>
                )}
                <Entry entry={entry} open={open === entry.id} toggle={() => setOpen(open === entry.id ? null : entry.id)} />
              </Fragment>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function Entry({ entry, open, toggle }: { entry: AuditEntry; open: boolean; toggle: () => void }) {
  const place = placeOf(entry.about.kind, entry.about.id)
  const name = entry.about.name || entry.about.id
  return (
    <>
      <tr>
        <td>
          <time dateTime={entry.at} title={full(entry.at)}>
            {clock(entry.at)}
          </time>
        </td>
        <td className={styles.who} title={entry.by.id}>
          <span className="cut">{entry.by.name || entry.by.id || NONE}</span>
          {entry.by.kind !== 'account' && <span className="faint"> {entry.by.kind === 'key' ? t('key') : entry.by.kind === 'cli' ? t('command line') : t('open console')}</span>}
        </td>
        <td>
          <span className={styles.what}>
            {entry.changes.length > 0 ? (
              <button type="button" className={styles.toggle} aria-expanded={open} onClick={toggle}>
                {open ? <ChevronDown size={14} aria-hidden="true" /> : <ChevronRight size={14} aria-hidden="true" />}
                {actWords(entry.action)}
              </button>
            ) : (
              <span className={styles.plain}>{actWords(entry.action)}</span>
            )}
            <span className="faint">{kindWords(entry.about.kind)}</span>
            {place && entry.about.id ? (
              <Link {...place} className={`${tableStyles.name} ${styles.name} cut`}>
                {name}
              </Link>
            ) : (
              <span className={`${styles.name} cut`}>{name}</span>
            )}
          </span>
        </td>
        <td className="faint">{entry.source || NONE}</td>
      </tr>
      {open && (
        <tr>
          <td colSpan={4} className={styles.changes}>
            <Changes changes={entry.changes} />
          </td>
        </tr>
      )}
    </>
  )
}
