import { Button, Popover } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { CircleAlert, CircleCheck, CircleHelp } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { post } from '~/api/client'
import { t } from '~/words/language'
import { count, decimal, percent } from '~/words/numbers'
import { told } from '~/words/told'
import { variantName } from './amounts'
import styles from './Experiments.module.css'
import type { Check, Trial } from './trials'
import { deciding, peopleIn } from './verdict'

type Tone = 'good' | 'bad' | 'plain'

/** Whether the trial can be trusted, as chips that say more when they are opened. */
export function Checks({ trial }: { trial: Trial }) {
  const adjusted = trial.comparisons.find(({ metric, adjusted: is }) => is && metric === deciding(trial)?.name)
  return (
    <div className={styles.checks} role="group" aria-label={t('Checks')}>
      <Division trial={trial} />
      <Measure trial={trial} />
      {trial.planned_people !== null && trial.looks !== null && (
        <Told tone="plain" word={t('Look {{look}} of {{looks}}', { look: trial.look ?? 0, looks: trial.looks })} title={t('Planned looks')}>
          {t('{{people}} people are planned. Looks lie at fixed shares of them, and the chance of error is spent over the looks: to read it more often changes nothing.', { people: count(trial.planned_people) })}
        </Told>
      )}
      {adjusted && (
        <Told tone="good" word={t('{{share}} of the noise taken out', { share: percent(adjusted.variance_cut, 0) })} title={t('Adjusted for the past')}>
          {t('What the same people did in the 30 days before was taken out of the difference. That saves {{people}} of every 100 people it would take without.', { people: Math.round(adjusted.variance_cut * 100) })}
        </Told>
      )}
      {trial.apart_people > 0 && (
        <Told tone="plain" word={t('{{people}} stand apart', { people: count(trial.apart_people) })} title={t('In no comparison')}>
          {t('People whom all marketing leaves alone, or who were held out of the journey, are in none of the variants: they would dilute them.')}
        </Told>
      )}
      {trial.question.weighted && (
        <Told tone="plain" word={t('Shares changed on the way')} title={t('Weighed by chance')}>
          {t('Early and late people are mixed differently in each variant, so everybody counts for one over the chance they had of theirs.')}
        </Told>
      )}
    </div>
  )
}

function Division({ trial }: { trial: Trial }) {
  const all = peopleIn(trial)
  const shares = trial.variants.map(({ variant, people, designed_share }) =>
    t('{{variant}} {{is}} (designed {{designed}})', { variant: variantName(variant), is: all > 0 ? percent(people / all) : '–', designed: percent(designed_share) }),
  )
  const title = t('Are people divided as was designed?')
  if (trial.mismatch === null) {
    return (
      <Told tone="plain" word={t('Division not checked')} title={title}>
        {t('There is no one share to hold people against: shares changed on the way, or only one variant has people.')}
      </Told>
    )
  }
  const said = shares.join(', ')
  return trial.mismatch.is_one ? (
    <Told tone="bad" word={t('People are missing')} title={title}>
      {t('No: {{shares}}. Chance does this less than once in a thousand times, so nothing is concluded until it is known who is missing.', { shares: said })}
    </Told>
  ) : (
    <Told tone="good" word={t('Divided as designed')} title={title}>
      {t('Yes: {{shares}}. Chance explains what is off (p = {{p}}).', { shares: said, p: decimal(trial.mismatch.p_value, 2) })}
    </Told>
  )
}

/** The measure checked on the past, where nothing was different: takes a while, so it is asked for. */
function Measure({ trial }: { trial: Trial }) {
  const metric = deciding(trial)
  const check = useMutation({
    mutationFn: () => post<Check>('/api/trials/check', { ...(metric ? { goal: metric.events[0], within_seconds: metric.within_seconds } : {}), splits: 400, people: 3_000 }),
  })
  const found = check.data
  const word = found ? (found.is_sound ? t('Measure is sound') : t('Measure finds too much')) : t('Measure not checked')
  return (
    <Told tone={found ? (found.is_sound ? 'good' : 'bad') : 'plain'} word={word} title={t('Does the measure find nothing where nothing is?')}>
      {t('The past of your own people is divided by chance hundreds of times, where nothing was different (A/A). A sound measure “finds” something about as often as it says it may.')}
      {found && <span className={styles.checkSaid}>{told(found.words)}</span>}
      {check.isError && (
        <span className={styles.problem} role="alert">
          {t('It could not be checked.')} {check.error.message}
        </span>
      )}
      <Button loading={check.isPending} onClick={() => check.mutate()}>
        {found ? t('Check again') : t('Check it now')}
      </Button>
    </Told>
  )
}

const ICONS = { good: CircleCheck, bad: CircleAlert, plain: CircleHelp }

function Told({ tone, word, title, children }: { tone: Tone; word: string; title: string; children: ReactNode }) {
  const [open, setOpen] = useState(false)
  const Icon = ICONS[tone]
  return (
    <Popover opened={open} onChange={setOpen} width={320} position="bottom-start" trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className={styles.check} data-tone={tone} aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon size={14} aria-hidden="true" />
          {word}
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label={title}>
        <div className={styles.checkBody}>
          <h3>{title}</h3>
          <div className={styles.checkText}>{children}</div>
        </div>
      </Popover.Dropdown>
    </Popover>
  )
}
