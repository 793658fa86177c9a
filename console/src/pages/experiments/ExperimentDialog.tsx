import { ActionIcon, Button, NumberInput, Select, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { put, Refusal, route } from '~/api/client'
import { useMay } from '~/api/may'
import { segments, session } from '~/api/queries'
import type { Properties } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { Answered } from '~/parts/States'
import { t } from '~/words/language'
import { minorPerMajor } from '~/words/money'
import { percent } from '~/words/numbers'
import { slug } from '../segments/slug'
import { definitionOf, type Draft, type DraftVariant, draftOf, evenly, FRESH, isWhole, wholeShare } from './draft'
import styles from './Experiments.module.css'
import { Deciding, Goals, Metrics } from './Measured'
import { Problem } from './Problem'
import { experiment, type ExperimentHeading } from './trials'

const VARIANTS_MOST = 20

/** Makes an experiment, or changes one. */
export function ExperimentDialog({ id, close }: { id?: string; close: () => void }) {
  const query = useQuery({ ...experiment(id ?? ''), enabled: id !== undefined })
  return (
    <Dialog onClose={close} title={id ? t('Change the experiment') : t('New experiment')} size={760}>
      {id ? (
        <Answered query={query} what={t('The experiment did not load')}>
          {(data) => <Form before={data.definition as Properties} state={data.heading.state} version={data.heading.version} close={close} />}
        </Answered>
      ) : (
        <Form state="draft" close={close} />
      )}
    </Dialog>
  )
}

interface Props {
  before?: Properties
  state: string
  /** The version that is changed. */
  version?: number
  close: () => void
}

function Form({ before, state, version, close }: Props) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const may = useMay()
  const currency = useQuery(session).data?.workspace?.currency ?? 'USD'
  const perMajor = minorPerMajor(currency)
  const [draft, setDraft] = useState<Draft>(before ? draftOf(before, perMajor) : FRESH)
  const change = (next: Partial<Draft>) => setDraft((now) => ({ ...now, ...next }))
  const id = before ? draft.id : draft.id || slug(draft.name, 'experiment')
  const save = useMutation({
    mutationFn: (next: string) => put<ExperimentHeading>(route`/api/experiments/${id}`, { definition: definitionOf({ ...draft, id }, next, before, perMajor), ...(version === undefined ? {} : { based_on: version }) }),
    onSuccess: async () => {
      await Promise.all([client.invalidateQueries({ queryKey: ['trials'] }), client.invalidateQueries({ queryKey: ['experiments'] })])
      close()
      if (!before) void navigate({ to: '/experiments/$id', params: { id } })
    },
  })
  const whole = wholeShare(draft)
  const names = draft.variants.map(({ name }) => name.trim())
  const doubled = new Set(names).size < names.length
  const ready = draft.name.trim() !== '' && id !== '' && isWhole(draft) && names.every(Boolean) && !doubled && Math.abs(whole - 100) < 1e-6
  const at = save.error instanceof Refusal ? (save.error.path ?? '') : ''
  const wrong = (path: string) => (at.startsWith(path) ? save.error?.message : undefined)
  const ran = state !== 'draft'
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate(state)
      }}
    >
      <div className={styles.pair}>
        <TextInput label={t('Name')} value={draft.name} onChange={(event) => change({ name: event.currentTarget.value })} error={wrong('$.definition.name') ?? wrong('$.name')} data-autofocus />
        <TextInput label={t('Id')} value={id} disabled={before !== undefined} onChange={(event) => change({ id: event.currentTarget.value })} error={wrong('$.id')} />
      </div>
      <Textarea label={t('What is expected, and why')} autosize minRows={2} maxRows={5} value={draft.hypothesis} onChange={(event) => change({ hypothesis: event.currentTarget.value })} />
      <Variants variants={draft.variants} change={(variants) => change({ variants })} whole={whole} doubled={doubled} ran={ran} error={wrong('$.variants')} />
      <Goals draft={draft} change={change} currency={currency} error={wrong('$.goals')} />
      <Metrics draft={draft} change={change} error={wrong('$.metrics')} />
      <Deciding draft={draft} change={change} error={wrong('$.primary') ?? wrong('$.guardrails')} />
      <Audience draft={draft} change={change} ran={ran} before={before} error={wrong('$.audience') ?? wrong('$.layer')} />
      <div className={styles.pair}>
        <NumberInput
          label={t('Planned people')}
          description={t('Plan says how many it takes; without, intervals are wider')}
          placeholder={t('None')}
          min={20}
          thousandSeparator=","
          value={draft.planned}
          onChange={(planned) => change({ planned })}
          error={wrong('$.planned_people')}
        />
        <Select
          label={t('How it is read')}
          description={t('Can be chosen anew whenever it is looked at')}
          data={[
            { value: 'sequential', label: t('Look whenever you like') },
            { value: 'fixed', label: t('One look, at the end') },
            { value: 'bayesian', label: t('What to believe') },
          ]}
          value={draft.reading}
          onChange={(reading) => change({ reading: reading ?? 'sequential' })}
        />
      </div>
      <Problem what={t('Not saved.')} error={save.error} />
      <div className={styles.actions}>
        <Button onClick={close}>{t('Cancel')}</Button>
        {!ran && may('decisions:publish') && (
          <Button disabled={!ready} loading={save.isPending && save.variables === 'running'} onClick={() => save.mutate('running')}>
            {t('Save and start')}
          </Button>
        )}
        <Button type="submit" variant="filled" disabled={!ready} loading={save.isPending && save.variables === state}>
          {ran ? t('Save') : t('Save as draft')}
        </Button>
      </div>
    </form>
  )
}

interface VariantsProps {
  variants: DraftVariant[]
  change: (variants: DraftVariant[]) => void
  whole: number
  doubled: boolean
  ran: boolean
  error: string | undefined
}

function Variants({ variants, change, whole, doubled, ran, error }: VariantsProps) {
  const set = (at: number, next: Partial<DraftVariant>) => change(variants.map((each, i) => (i === at ? { ...each, ...next } : each)))
  const wrong = doubled ? t('Two variants have one name.') : Math.abs(whole - 100) >= 1e-6 ? t('The shares add up to {{share}}; let them be 100%.', { share: percent(whole / 100) }) : error
  return (
    <fieldset className={styles.group}>
      <legend>{t('Variants')}</legend>
      {ran && <p className={styles.note}>{t('Who has a variant keeps it, unless its share becomes 0.')}</p>}
      {variants.map((variant, i) => (
        <div key={i} className={styles.variant}>
          <TextInput aria-label={t('Name of variant {{number}}', { number: i + 1 })} value={variant.name} onChange={(event) => set(i, { name: event.currentTarget.value })} />
          <NumberInput aria-label={t('Share of {{variant}}', { variant: variant.name || String(i + 1) })} min={0} max={100} suffix="%" decimalScale={4} value={variant.share} onChange={(share) => set(i, { share })} />
          <ActionIcon aria-label={t('Remove {{variant}}', { variant: variant.name || String(i + 1) })} disabled={variants.length <= 2} onClick={() => change(variants.filter((_, at) => at !== i))}>
            <Trash2 size={14} aria-hidden="true" />
          </ActionIcon>
        </div>
      ))}
      <div className={styles.tools}>
        <Button leftSection={<Plus size={14} aria-hidden="true" />} disabled={variants.length >= VARIANTS_MOST} onClick={() => change(evenly([...variants, { name: `variant-${variants.length}`, share: 0 }]))}>
          {t('Add a variant')}
        </Button>
        <Button variant="subtle" onClick={() => change(evenly(variants))}>
          {t('Divide evenly')}
        </Button>
      </div>
      {wrong && (
        <p className={styles.problem} role="alert">
          {wrong}
        </p>
      )}
    </fieldset>
  )
}

function Audience({ draft, change, ran, before, error }: { draft: Draft; change: (next: Partial<Draft>) => void; error: string | undefined; ran: boolean; before: Properties | undefined }) {
  const saved = useQuery(segments).data ?? []
  const byHand = before?.['audience'] !== null && before?.['audience'] !== undefined && draft.segment === ''
  return (
    <fieldset className={styles.group}>
      <legend>{t('Who takes part')}</legend>
      <Select
        label={t('Audience')}
        description={byHand ? t('Now: a condition of its own, which stays unless a segment is chosen') : t('Asked once, when somebody begins')}
        placeholder={t('Everybody')}
        searchable
        clearable
        data={saved.map(({ id, name }) => ({ value: id, label: name }))}
        value={draft.segment || null}
        onChange={(segment) => change({ segment: segment ?? '' })}
        error={error}
      />
      <div className={styles.triple}>
        <TextInput
          label={t('Layer')}
          description={t('Those on one layer share nobody')}
          placeholder={t('None')}
          disabled={ran}
          value={draft.layer}
          onChange={(event) => change({ layer: event.currentTarget.value })}
        />
        <NumberInput label={t('From')} description={t('Of its people')} suffix="%" min={0} max={100} disabled={ran || !draft.layer} value={draft.layerFrom} onChange={(layerFrom) => change({ layerFrom })} />
        <NumberInput label={t('To')} description={t('Of its people')} suffix="%" min={0} max={100} disabled={ran || !draft.layer} value={draft.layerTo} onChange={(layerTo) => change({ layerTo })} />
      </div>
    </fieldset>
  )
}
