import { SegmentedControl, Select, Switch, TextInput, Tooltip } from '@mantine/core'
import { X } from 'lucide-react'
import { useState } from 'react'
import { t } from '~/words/language'
import { duration } from '~/words/moments'
import styles from './Experiments.module.css'
import type { TrialSearch } from './search'
import { STAYING, termOf, termsOf } from './terms'
import type { Exposure, Reading, Trial } from './trials'

interface Props {
  trial: Trial
  how: TrialSearch
  change: (next: TrialSearch) => void
  busy: boolean
}

/** How it is looked at: the term, of whom, by which reading, and as of when. All of it stands in the address. */
export function HowBar({ trial, how, change, busy }: Props) {
  const terms = termsOf(trial)
  return (
    <div className={styles.how} aria-busy={busy}>
      <SegmentedControl
        aria-label={t('Which term')}
        data={terms.map((term, i) => ({
          value: term,
          label: term === STAYING ? t('Staying') : i === 0 ? t('Near term, {{time}}', { time: duration(Number(term)) }) : t('Long term, {{time}}', { time: duration(Number(term)) }),
        }))}
        value={termOf(trial, how.term)}
        onChange={(term) => change({ term: term === terms[0] ? undefined : term === STAYING ? STAYING : Number(term) })}
      />
      <Select
        aria-label={t('Of whom')}
        w={176}
        data={[
          { value: 'assigned', label: t('Everybody assigned') },
          { value: 'sent', label: t('Per person who got it') },
          { value: 'delivered', label: t('Per person it was delivered to') },
          { value: 'opened', label: t('Per person who opened it') },
        ]}
        value={how.of ?? 'assigned'}
        onChange={(of) => change({ of: of === 'assigned' ? undefined : ((of as Exposure | null) ?? undefined) })}
      />
      <Select
        aria-label={t('How it is read')}
        w={194}
        data={[
          { value: 'sequential', label: t('Look whenever you like') },
          { value: 'fixed', label: t('One look, at the end') },
          { value: 'bayesian', label: t('What to believe') },
        ]}
        value={trial.reading}
        onChange={(reading) => change({ reading: (reading as Reading | null) ?? undefined })}
      />
      <Tooltip multiline w={280} label={t('Takes out of the differences what the same people did before. It narrows intervals and moves them nowhere.')}>
        <Switch label={t('Adjusted for the past')} checked={how.adjust !== false} onChange={(event) => change({ adjust: event.currentTarget.checked ? undefined : false })} />
      </Tooltip>
      <AsOf key={how.as_of ?? 'now'} trial={trial} value={how.as_of} change={(asOf) => change({ as_of: asOf })} />
    </div>
  )
}

/** A moment in the reader's own zone, as the field of a browser takes it. */
const local = (moment: string) => {
  const at = new Date(moment)
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

function AsOf({ trial, value, change }: { trial: Trial; value: string | undefined; change: (asOf: string | undefined) => void }) {
  const [typed, setTyped] = useState(value ? local(value) : '')
  const say = () => {
    const at = typed ? new Date(typed) : null
    if (at && !Number.isNaN(at.getTime()) && at.getTime() < Date.now()) change(at.toISOString())
    else if (!typed && value) change(undefined)
  }
  return (
    <div className={styles.asOf}>
      <TextInput
        type="datetime-local"
        label={t('As of')}
        classNames={{ root: styles.asOfField!, label: styles.asOfLabel! }}
        value={typed}
        min={trial.first_assigned ? local(trial.first_assigned) : undefined}
        max={local(new Date().toISOString())}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={say}
        onKeyDown={(event) => event.key === 'Enter' && say()}
      />
      {value && (
        <button type="button" className={styles.clear} onClick={() => change(undefined)}>
          <X size={13} aria-hidden="true" />
          {t('Now')}
        </button>
      )}
    </div>
  )
}
