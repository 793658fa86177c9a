import { Button, Textarea } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { get, put, Refusal } from '~/api/client'
import { useMay } from '~/api/may'
import type { Shape } from '~/api/shape'
import { TopBar } from '~/frame/TopBar'
import { Chip, type ChipTone } from '~/parts/Chip'
import { Dialog } from '~/parts/Dialog'
import { TreeDrawing } from '~/parts/Drawings'
import { Page } from '~/parts/Page'
import pageStyles from '~/parts/Page.module.css'
import { Answered, Empty } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { counted, t } from '~/words/language'
import { signed } from '~/words/numbers'
import { told } from '~/words/told'
import styles from '../Insights.module.css'
import { figure, type Kpi, targetWords, wayTo } from './figures'
import { KpiDialog, type Node } from './KpiDialog'

const PARENT = { to: '/insights', label: t('Insights') } as const
const REFETCH_MS = 60_000

type Tree = Shape<'KpiAnswer'>

/** The figures a company is held to, by department, each a number of an insight. */
export default function KpisPage() {
  const may = useMay()('analyses:write')
  const [editing, setEditing] = useState(false)
  const [form, setForm] = useState<{ kpi?: Kpi } | null>(null)
  const query = useQuery({ queryKey: ['kpis'], queryFn: ({ signal }) => get<Tree>('/api/kpis', {}, signal), refetchInterval: REFETCH_MS })
  return (
    <>
      <TopBar title={t('KPIs')} parent={PARENT}>
        {may && query.data && query.data.nodes.length > 0 && (
          <>
            <Button onClick={() => setEditing(true)}>{t('Edit the tree')}</Button>
            <Button variant="filled" onClick={() => setForm({})}>
              {t('Add a KPI')}
            </Button>
          </>
        )}
      </TopBar>
      <Page>
        <Answered query={query} what={t('The KPIs did not load')}>
          {(tree) =>
            tree.nodes.length > 0 ? (
              <Figures tree={tree} change={may ? (kpi) => setForm({ kpi }) : undefined} />
            ) : (
              <div className={pageStyles.card}>
                <Empty
                  title={t('No KPIs yet')}
                  drawing={<TreeDrawing />}
                  actions={
                    may && (
                      <>
                        <Button variant="filled" onClick={() => setForm({})}>
                          {t('Add a KPI')}
                        </Button>
                        <Button onClick={() => setEditing(true)}>{t('Write the tree')}</Button>
                      </>
                    )
                  }
                >
                  {t('A tree of figures, from the company to its departments to what each is held to. Every figure is a number of an insight, with its target.')}
                </Empty>
              </div>
            )
          }
        </Answered>
      </Page>
      {form && query.data && <KpiDialog nodes={nodesOf(query.data)} kpi={form.kpi} close={() => setForm(null)} />}
      {editing && query.data && <EditDialog definition={query.data.definition} close={() => setEditing(false)} />}
    </>
  )
}

const TONES: Record<Kpi['status'], ChipTone> = { met: 'good', missed: 'bad', unknown: 'plain' }
const statusWords = (status: Kpi['status']) => ({ met: t('met'), missed: t('missed'), unknown: t('not known') })[status]

const nodesOf = ({ definition }: Tree) => ((definition as { nodes?: Node[] }).nodes ?? []) as Node[]

function Figures({ tree, change }: { tree: Tree; change?: (kpi: Kpi) => void }) {
  return (
    <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('KPIs')}>
      <table className={tableStyles.table}>
        <thead>
          <tr>
            <th scope="col">{t('Figure')}</th>
            <th scope="col" className={tableStyles.number}>{t('Now')}</th>
            <th scope="col" className={tableStyles.number}>{t('Target')}</th>
            <th scope="col" className={tableStyles.number}>{t('One period ago')}</th>
            <th scope="col" className={tableStyles.number}>{t('Relative change')}</th>
            <th scope="col">{t('State')}</th>
            {change && (
              <th scope="col">
                <span className="unseen">{t('Actions')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {tree.nodes.map((node) => (
            <FigureRow key={node.id} node={node} definition={tree.definition as Record<string, unknown>} change={change} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function FigureRow({ node, definition, change }: { node: Kpi; definition: Record<string, unknown>; change?: (kpi: Kpi) => void }) {
  const way = node.kind === 'kpi' ? wayTo(node.id, definition, node.days) : null
  const name = <span className={tableStyles.name}>{node.name}</span>
  return (
    <tr>
      <td style={{ paddingInlineStart: 14 + node.depth * 20 }}>
        {way ? (
          <Link to="/insights/$kind" params={{ kind: way.kind }} search={{ q: way.search.q }} className={styles.figure}>
            {name}
          </Link>
        ) : (
          name
        )}
        {node.kind === 'kpi' && node.days !== null && <span className="quiet"> {counted(node.days, 'last {{count}} day', 'last {{count}} days')}</span>}
      </td>
      <td className={tableStyles.number} title={node.reason ? told(node.reason) : undefined}>
        {way?.search.cell ? (
          <Link to="/insights/$kind" params={{ kind: way.kind }} search={way.search} className={styles.opening}>
            {figure(node, node.value)}
          </Link>
        ) : node.kind === 'kpi' ? (
          figure(node, node.value)
        ) : (
          <span className="quiet">{t('{{met}} met, {{missed}} missed', { met: node.met, missed: node.missed })}</span>
        )}
      </td>
      <td className={tableStyles.number}>{node.kind === 'kpi' && targetWords(node)}</td>
      <td className={`${tableStyles.number} quiet`}>{node.kind === 'kpi' && figure(node, node.before)}</td>
      <td className={`${tableStyles.number} quiet`}>{node.change !== null && `${signed(node.change * 100)}%`}</td>
      <td>
        <Chip tone={TONES[node.status]} dot>
          {statusWords(node.status)}
        </Chip>
      </td>
      {change && (
        <td className={tableStyles.number}>
          {node.kind === 'kpi' && (
            <Button variant="subtle" onClick={() => change(node)}>
              {t('Change')}
              <span className="unseen"> {node.name}</span>
            </Button>
          )}
        </td>
      )}
    </tr>
  )
}

/** The whole tree as JSON: a figure is any question of any kind, and which number of its answer. */
function EditDialog({ definition, close }: { definition: Tree['definition']; close: () => void }) {
  const client = useQueryClient()
  const [text, setText] = useState(() => JSON.stringify((definition as { nodes?: unknown[] }).nodes?.length ? definition : EXAMPLE, null, 2))
  const keep = useMutation({
    mutationFn: async () => put('/api/kpis', JSON.parse(text)),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['kpis'] })
      close()
    },
  })
  const { error } = keep
  const where = error instanceof Refusal && error.path ? `${error.path}: ` : ''
  return (
    <Dialog onClose={close} title={t('The tree of KPIs')} size={760}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          keep.mutate()
        }}
      >
        <Textarea
          label={t('As JSON')}
          description={t('The company, its departments, and of each figure the insight, the question, and the column its number stands in.')}
          data-autofocus
          spellCheck={false}
          rows={20}
          className={styles.code}
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
          error={error ? t('Not saved. {{why}}', { why: `${where}${error.message} ${error instanceof Refusal ? (error.hint ?? '') : ''}` }) : undefined}
        />
        <div className={styles.actions}>
          <Button onClick={close}>{t('Cancel')}</Button>
          <Button type="submit" variant="filled" loading={keep.isPending}>
            {t('Save the tree')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** What an empty page of it looks like. */
const EXAMPLE = {
  nodes: [
    { id: 'company', name: 'The company', kind: 'company' },
    { id: 'retention', name: 'Retention', kind: 'department', parent: 'company' },
    {
      id: 'buyers',
      name: 'People who buy',
      kind: 'kpi',
      parent: 'retention',
      insight: 'revenue',
      question: { event: 'Order Completed', view: 'total' },
      days: 30,
      column: 'buyers',
      cell: { who: 'buyers' },
      target: 500,
    },
  ],
}
