import { Button } from '@mantine/core'
import { useState } from 'react'
import { useMay } from '~/api/may'
import type { Occasion, OccasionState, Run } from '~/api/types'
import { Chip, type ChipTone } from '~/parts/Chip'
import { Ago } from '~/parts/Moment'
import { armWords, isArm, notEnteredWords } from '~/words/entries'
import { counted, t } from '~/words/language'
import { count, percent } from '~/words/numbers'
import { told } from '~/words/told'
import styles from './Inspector.module.css'
import { OccasionDialog } from './OccasionDialog'
import { type OccasionAct, title, useOccasionAct } from './occasions'

const STATES: Record<OccasionState, [ChipTone, string]> = {
  preparing: ['accent', t('finding people')],
  held: ['warn', t('held')],
  running: ['good', t('running')],
  paused: ['warn', t('paused')],
  done: ['plain', t('done')],
  stopped: ['plain', t('stopped')],
  missed: ['bad', t('missed its time')],
}

/** One occasion: when, to how many, how far it is, and what became of them. */
export function OccasionCard({ run, occasion }: { run: Run; occasion: Occasion }) {
  const [dialog, setDialog] = useState<Exclude<OccasionAct, 'pause'> | null>(null)
  const pause = useOccasionAct(run, occasion)
  const publishes = useMay()('decisions:publish')
  const { state } = occasion
  const [tone, word] = STATES[state]
  const open = state === 'preparing' || state === 'held' || state === 'running' || state === 'paused'
  const share = occasion.chosen > 0 ? occasion.asked / occasion.chosen : 0
  return (
    <li className={styles.occasion}>
      <div className={styles.when}>
        <b className="cut" title={occasion.key}>
          {title(occasion)}
        </b>
        <Chip tone={tone} dot>
          {word}
        </Chip>
      </div>
      <p className="quiet">
        {occasion.people === null ? t('Its audience is being asked for') : counted(occasion.people, '{{count}} person', '{{count}} people')}
        {occasion.chosen > 0 && occasion.chosen !== occasion.people ? `, ${t('{{number}} chosen', { number: occasion.chosen })}` : ''} · v{occasion.version} · {t('began')}{' '}
        <Ago at={occasion.began} />
      </p>
      {(state === 'running' || state === 'paused') && (
        <>
          <div className={styles.track} aria-hidden="true">
            <div style={{ inlineSize: `${share * 100}%` }} />
          </div>
          <p className="quiet" role="status">
            {t('{{asked}} of {{chosen}} asked, {{share}}', { asked: occasion.asked, chosen: occasion.chosen, share: percent(share, 0) })}
          </p>
        </>
      )}
      {occasion.reason && <p className={styles.why}>{told(occasion.reason)}</p>}
      {pause.isError && (
        <p className={styles.problem} role="alert">
          {t('Not paused.')} {pause.error.message}
        </p>
      )}
      <Became counts={occasion.counts} />
      {open && publishes && (
        <div className={styles.buttons}>
          {state === 'held' && <Button onClick={() => setDialog('confirm')}>{t('Confirm')}</Button>}
          {state === 'running' && (
            <Button loading={pause.isPending} onClick={() => pause.mutate('pause')}>
              {t('Pause run')}
            </Button>
          )}
          {state === 'paused' && <Button onClick={() => setDialog('resume')}>{t('Resume run')}</Button>}
          <Button variant="subtle" onClick={() => setDialog('stop')}>
            {t('Stop run')}
          </Button>
        </div>
      )}
      {dialog && <OccasionDialog run={run} occasion={occasion} act={dialog} close={() => setDialog(null)} />}
    </li>
  )
}

function Became({ counts }: { counts: Record<string, number> }) {
  const said = Object.entries(counts).filter(([, people]) => people > 0)
  if (said.length === 0) return null
  const arms = said.filter(([name]) => isArm(name))
  const others = said.filter(([name]) => !isArm(name))
  return (
    <dl className={styles.facts}>
      {arms.map(([name, people]) => (
        <div key={name}>
          <dt>{armWords(name)}</dt>
          <dd>{count(people)}</dd>
        </div>
      ))}
      {others.map(([name, people]) => (
        <div key={name}>
          <dt>{t('Not entered: {{reason}}', { reason: notEnteredWords(name) })}</dt>
          <dd>{count(people)}</dd>
        </div>
      ))}
    </dl>
  )
}
