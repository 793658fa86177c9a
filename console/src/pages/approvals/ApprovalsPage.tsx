import { Button, SegmentedControl, Select } from '@mantine/core'
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useMay } from '~/api/may'
import { type Approval, approvalRule, type ApprovalState, approvals, APPROVALS, changeRule } from '~/api/teamwork'
import { TopBar } from '~/frame/TopBar'
import { Chip, type ChipTone } from '~/parts/Chip'
import { CheckedDrawing } from '~/parts/Drawings'
import { Ago } from '~/parts/Moment'
import { Page } from '~/parts/Page'
import pageStyles from '~/parts/Page.module.css'
import { Empty, Failed, Waiting } from '~/parts/States'
import { askWords, kindWords, placeOf } from '~/parts/teamwork/acts'
import { Changes } from '~/parts/teamwork/Changes'
import { DecideButtons } from '~/parts/teamwork/DecideButtons'
import { DecideDialog, type Say } from '~/parts/teamwork/DecideDialog'
import { t } from '~/words/language'
import { shortDay } from '~/words/moments'
import styles from './ApprovalsPage.module.css'
import { ForYou } from './ForYou'

const here = getRouteApi('/approvals')

const STATES: Record<ApprovalState, [ChipTone, () => string]> = {
  waiting: ['warn', () => t('waiting')],
  approved: ['good', () => t('approved')],
  refused: ['bad', () => t('refused')],
  withdrawn: ['plain', () => t('withdrawn')],
  overtaken: ['plain', () => t('overtaken')],
  expired: ['plain', () => t('expired')],
}

/** What would contact people, and waits until a second person agrees. */
export function ApprovalsPage() {
  const { state = 'waiting' } = here.useSearch()
  const navigate = here.useNavigate()
  const asked = state === 'all' ? null : 'waiting'
  const query = useInfiniteQuery(approvals(asked))
  const found = query.data?.pages.flatMap((page) => page.approvals) ?? []
  const shown = asked === 'waiting' ? found.filter((each) => each.state === 'waiting') : found
  return (
    <>
      <TopBar title={t('Approvals')}>
        <SegmentedControl
          aria-label={t('Which approvals')}
          data={[
            { value: 'waiting', label: t('Waiting') },
            { value: 'all', label: t('All') },
          ]}
          value={asked === null ? 'all' : 'waiting'}
          onChange={(next) => void navigate({ search: next === 'all' ? { state: 'all' } : {} })}
        />
      </TopBar>
      <Page>
        <ForYou />
        <RuleCard />
        {query.isPending ? (
          <Waiting rows={4} height={96} />
        ) : query.isError ? (
          <Failed what={t('The approvals did not load')} error={query.error} retry={() => void query.refetch()} />
        ) : shown.length === 0 ? (
          <div className={pageStyles.card}>
            <Empty title={asked === null ? t('Nothing was asked for yet') : t('Nothing waits for anybody')} drawing={<CheckedDrawing />}>
              {t('Where a second person is asked for, publishing, resuming, sending to an audience and starting an experiment wait here until somebody agrees who did not ask for it.')}
            </Empty>
          </div>
        ) : (
          <ul className={styles.list}>
            {shown.map((each) => (
              <ApprovalCard key={each.id} approval={each} />
            ))}
          </ul>
        )}
        {query.hasNextPage && (
          <div>
            <Button onClick={() => void query.fetchNextPage()} loading={query.isFetchingNextPage}>
              {t('Show older ones')}
            </Button>
          </div>
        )}
      </Page>
    </>
  )
}

/** Whether a second person is asked for; whoever may, says so here. */
export function RuleCard() {
  const may = useMay()
  const client = useQueryClient()
  const { data } = useQuery(approvalRule)
  const change = useMutation({ mutationFn: changeRule, onSuccess: () => client.invalidateQueries({ queryKey: APPROVALS }) })
  if (!data) return null
  const note = data.fixed
    ? t('The settings of the server say so.')
    : may('accounts:write')
      ? t('It holds for everybody who works here, for api keys and for the command line.')
      : t('An owner or admin changes it.')
  return (
    <section className={styles.rule} aria-labelledby="approval-rule">
      <div>
        <h2 id="approval-rule">{t('Before people are contacted')}</h2>
        <p className="quiet">{note}</p>
        {change.isError && (
          <p className={styles.problem} role="alert">
            {change.error.message}
          </p>
        )}
      </div>
      <Select
        w={290}
        maw="100%"
        aria-labelledby="approval-rule"
        data={[
          { value: 'none', label: t('whoever may publish publishes') },
          { value: 'second_person', label: t('a second person has to agree') },
        ]}
        value={data.rule}
        disabled={data.fixed || !may('accounts:write') || change.isPending}
        onChange={(next) => next && change.mutate(next as 'none' | 'second_person')}
      />
    </section>
  )
}

function ApprovalCard({ approval }: { approval: Approval }) {
  const [open, setOpen] = useState(false)
  const [say, setSay] = useState<Say | null>(null)
  const [tone, word] = STATES[approval.state]
  const name = approval.about.name || approval.about.id
  const place = placeOf(approval.about.kind, approval.about.id)
  return (
    <li className={styles.approval}>
      <div className={styles.head}>
        <h2 className="cut">
          {place ? (
            <Link {...place} className={styles.name}>
              {name}
            </Link>
          ) : (
            name
          )}
        </h2>
        <Chip tone={tone} dot>
          {word()}
        </Chip>
      </div>
      <p>
        {t('{{who}} asked {{act}} this {{kind}}.', { who: approval.by_name || approval.by, act: askWords(approval.action), kind: kindWords(approval.about.kind) })}{' '}
        <span className="faint">
          <Ago at={approval.asked_at} />
          {approval.state === 'waiting' && ` · ${t('until {{day}}', { day: shortDay(approval.expires_at, new Date()) })}`}
        </span>
      </p>
      {approval.decided_by && (
        <p className="quiet">
          {approval.decided_by} <Ago at={approval.decided_at} />
          {approval.words && `: ${approval.words}`}
        </p>
      )}
      {open && <Changes changes={approval.changes} />}
      <div className={styles.tools}>
        <Button variant="subtle" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t('Hide what differs') : t('What differs')}
        </Button>
        {approval.state === 'waiting' && <DecideButtons approval={approval} choose={setSay} />}
      </div>
      {say && <DecideDialog approval={approval} say={say} close={() => setSay(null)} />}
    </li>
  )
}
