import { Button, NumberInput, SegmentedControl, Select, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { savedInsights } from '~/api/boards'
import { put, Refusal } from '~/api/client'
import type { Json } from '~/api/types'
import { slug } from '~/pages/segments/slug'
import { Dialog } from '~/parts/Dialog'
import { t } from '~/words/language'
import { minorPerMajor } from '~/words/money'
import { Said } from '~/words/Said'
import { useAnswer, useToday } from '../asking'
import { bodyOf } from '../body'
import { columnLabel } from '../columnLabels'
import styles from '../Insights.module.css'
import { decodeQuestion, isKind, type Question } from '../question'
import type { Kpi } from './figures'

export type Node = Record<string, Json>
const NUMBERS = new Set(['whole', 'number', 'share', 'money'])
const READINGS = () => [
  { value: 'last', label: t('the last row') },
  { value: 'first', label: t('the first row') },
  { value: 'sum', label: t('all rows added up') },
  { value: 'average', label: t('the average of all rows') },
  { value: 'only', label: t('the only row') },
]
const COMPANY = 'company'
const DAYS_MOST = 3_653

interface Props {
  nodes: Node[]
  /** The KPI that is changed; none makes one. */
  kpi?: Kpi
  close: () => void
}

/** A KPI by a form: a number of a saved insight, what it should be, and whose it is. */
export function KpiDialog({ nodes, kpi, close }: Props) {
  const client = useQueryClient()
  const insights = (useQuery(savedInsights).data ?? []).filter(({ kind }) => isKind(kind))
  const today = useToday()
  const old = nodes.find(({ id }) => id === kpi?.id)
  const [name, setName] = useState(kpi?.name ?? '')
  const [parent, setParent] = useState<string>(kpi?.parent ?? COMPANY)
  const [chosen, setChosen] = useState<string | null>(null)
  const [column, setColumn] = useState<string | null>((old?.['column'] as string | undefined) ?? null)
  const [of, setOf] = useState((old?.['of'] as string | undefined) ?? 'last')
  const [days, setDays] = useState<number | string>(kpi?.days ?? 30)
  const [direction, setDirection] = useState<string>(kpi?.direction ?? 'up')
  const saved = insights.find(({ id }) => id === chosen)
  const question = saved && isKind(saved.kind) ? decodeQuestion(saved.kind, saved.question) : null
  const answer = useAnswer<Question>(question ?? NOTHING).query.data?.answer
  const columns = question ? (answer?.columns ?? []).filter(({ type }) => NUMBERS.has(type)) : []
  const picked = columns.find((each) => each.name === column)
  const type = question ? picked?.type : kpi?.type
  const perUnit = unitsOf(type, (question ? answer?.currency : kpi?.currency) ?? '')
  const [target, setTarget] = useState<number | string>(kpi?.target === null || kpi?.target === undefined ? '' : kpi.target / unitsOf(kpi.type, kpi.currency ?? ''))
  const parents = nodes.filter(({ kind }) => kind !== 'kpi')
  const keep = useMutation({
    mutationFn: (next: Node[]) => put('/api/kpis', { nodes: next }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['kpis'] })
      close()
    },
  })
  const made = (): Node[] => {
    const others = nodes.filter((each) => each !== old)
    const above: Node[] = parents.some(({ id }) => id === parent) ? [] : [{ id: COMPANY, name: t('The company'), kind: 'company' }]
    const asked: Node = question
      ? { insight: question.kind, question: withoutDates(bodyOf({ ...question, when: undefined } as Question, today)), column, of }
      : Object.fromEntries(['insight', 'question', 'column', 'of', 'rows', 'cell'].flatMap((each) => (old?.[each] === undefined || old[each] === null ? [] : [[each, old[each]]])))
    const taken = new Set(nodes.map(({ id }) => id))
    const node: Node = {
      ...asked,
      id: kpi?.id ?? free(slug(name, 'kpi') || 'kpi', taken),
      name: name.trim(),
      kind: 'kpi',
      parent,
      horizon: kpi?.horizon ?? 'near',
      days: Number(days) || 30,
      direction,
      ...(target === '' ? {} : { target: Math.round(Number(target) * perUnit * 1e6) / 1e6 }),
    }
    const place = old ? nodes.indexOf(old) : others.length
    return [...above, ...others.slice(0, place), node, ...others.slice(place)]
  }
  const ready = name.trim() !== '' && (question ? picked !== undefined : old !== undefined)
  if (insights.length === 0 && !kpi)
    return (
      <Dialog onClose={close} title={t('Add a KPI')}>
        <p>
          <Said text="A KPI is a number of a saved insight, and none is saved yet. <a>Ask a question</a>, and save it there." parts={{ a: <Link to="/insights" className="link" /> }} />
        </p>
      </Dialog>
    )
  return (
    <Dialog onClose={close} title={kpi ? t('Change “{{name}}”', { name: kpi.name }) : t('Add a KPI')} size={520}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          if (ready) keep.mutate(made())
        }}
      >
        <TextInput label={t('Name')} data-autofocus maxLength={200} value={name} onChange={({ currentTarget }) => setName(currentTarget.value)} />
        {parents.length > 0 && (
          <Select label={t('Whose it is')} allowDeselect={false} data={parents.map((each) => ({ value: String(each['id']), label: String(each['name']) }))} value={parent} onChange={(next) => setParent(next ?? COMPANY)} />
        )}
        <Select
          label={t('A number of which insight')}
          description={kpi ? t('Choose one to take its number from there instead; else it stays the one it is.') : undefined}
          searchable
          clearable={kpi !== undefined}
          data={insights.map((each) => ({ value: each.id, label: each.name }))}
          value={chosen}
          onChange={(next) => {
            setChosen(next)
            setColumn(null)
          }}
        />
        {question && (
          <>
            <Select label={t('Which number')} placeholder={answer ? t('Choose a column') : t('Loading')} data={columns.map((each) => ({ value: each.name, label: columnLabel(each.name) }))} value={column} onChange={setColumn} />
            <Select label={t('Of its table')} allowDeselect={false} data={READINGS()} value={of} onChange={(next) => setOf(next ?? 'last')} />
          </>
        )}
        <NumberInput label={t('Of how many days up to now')} min={1} max={DAYS_MOST} allowDecimal={false} value={days} onChange={setDays} />
        <NumberInput label={t('Target')} description={type === 'share' ? t('In percent') : undefined} value={target} onChange={setTarget} />
        <SegmentedControl
          aria-label={t('What is better')}
          data={[
            { value: 'up', label: t('More is better') },
            { value: 'down', label: t('Less is better') },
          ]}
          value={direction}
          onChange={setDirection}
        />
        {keep.isError && (
          <p role="alert">
            {t('Not saved. {{why}}', { why: `${keep.error.message} ${keep.error instanceof Refusal ? (keep.error.hint ?? '') : ''}` })}
          </p>
        )}
        <div className={styles.actions}>
          {old && (
            <Button variant="subtle" data-danger disabled={keep.isPending} onClick={() => keep.mutate(nodes.filter((each) => each !== old))}>
              {t('Remove this KPI')}
            </Button>
          )}
          <Button onClick={close}>{t('Cancel')}</Button>
          <Button type="submit" variant="filled" disabled={!ready} loading={keep.isPending}>
            {t('Save')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** What is asked while nothing is chosen: it says too little to be asked. */
const NOTHING: Question = { kind: 'trend', event: { events: [] } }

/** Targets are written in percent and whole money, and kept as shares of 1 and minor units. */
function unitsOf(type: string | null | undefined, currency: string): number {
  if (type === 'share') return 0.01
  return type === 'money' && currency ? minorPerMajor(currency) : 1
}

function withoutDates({ since: _since, until: _until, ...rest }: Record<string, Json>): Record<string, Json> {
  return rest
}

function free(id: string, taken: ReadonlySet<Json | undefined>): string {
  let number = 2
  let found = id
  while (taken.has(found)) {
    found = `${id}-${number}`
    number += 1
  }
  return found
}
