import { Button, Select } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { AwaitsApproval, put, Refusal, route } from '~/api/client'
import type { Shape } from '~/api/shape'
import type { Run } from '~/api/types'
import { Dialog } from '~/parts/Dialog'
import { Failed, Waiting } from '~/parts/States'
import { channelName } from '~/words/happenings'
import { counted, t } from '~/words/language'
import { count, percent } from '~/words/numbers'
import { firstEntry } from '../firstEntry'
import actions from '../RunActions.module.css'
import { Differences } from './Differences'
import { type Definition, startOf, stepsOf } from './draft'
import styles from './Editor.module.css'
import { namesOf } from './names'
import { Problems } from './Problems'
import { type Move, outlook, publishPreview } from './questions'

interface Props {
  /** What is published now; null for what is new. */
  run: Run | null
  /** The version it was written upon; nothing newer is published over unseen. */
  basedOn: number
  definition: Definition
  titleOf: (id: string) => string
  close: () => void
  /** It was published, or somebody was asked to approve it. */
  done: (asked: boolean) => void
}

type Preview = Shape<'holdfast__http__api__decision_files__PreviewShape'>
type UnderWay = Preview['change']['under_way'][number]

/** Whom it writes to, by what and when, and what becomes of those under way, stand here before the button does. */
export function PublishDialog({ run, basedOn, definition, titleOf, close, done }: Props) {
  const client = useQueryClient()
  const id = String(definition['id'])
  const [move, setMove] = useState<Move>({})
  const preview = useQuery(publishPreview(id, definition, move))
  const ahead = useQuery(outlook(id, definition))
  const publish = useMutation({
    mutationFn: () => put<Run>(route`/api/journeys/${id}`, { ...definition, based_on: basedOn, ...(Object.keys(move).length > 0 ? { move } : {}) }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['journeys'] })
      done(false)
    },
    onError: (error) => error instanceof AwaitsApproval && done(true),
  })
  const version = (run?.version ?? 0) + 1
  const error = preview.error ?? ahead.error
  const ready = preview.data !== undefined && ahead.data !== undefined && !preview.isError && !ahead.isError && !preview.isPlaceholderData
  return (
    <Dialog onClose={close} title={t('Publish “{{name}}”', { name: String(definition['name'] || id) })} size={820}>
      <div className={styles.dialog}>
        {error ? (
          <Failed
            what={t('It cannot be published as it is')}
            error={error}
            retry={() => {
              void preview.refetch()
              void ahead.refetch()
            }}
          />
        ) : ahead.data && preview.data ? (
          <>
            <Safety ahead={ahead.data} />
            {preview.data.change.under_way.length > 0 && (
              <Moving preview={preview.data} definition={definition} move={move} setMove={setMove} titleOf={namesOf(run?.definition ?? {}, definition, titleOf)} version={version} />
            )}
            {run && (
              <section>
                <h3 className={styles.heading}>{t('What is different')}</h3>
                <Differences before={run.definition} after={definition} titles={{ before: t('Version {{version}}', { version: run.version }), after: t('Version {{version}}', { version }) }} titleOf={titleOf} />
              </section>
            )}
          </>
        ) : (
          <Waiting rows={5} height={44} />
        )}
        {publish.isError && (
          <p className={actions.problem} role="alert">
            {t('Not published.')} {publish.error.message} {publish.error instanceof Refusal ? publish.error.hint : ''}
          </p>
        )}
        <div className={styles.actions}>
          <Button onClick={close}>{t('Not yet')}</Button>
          <Button variant="filled" disabled={!ready} loading={publish.isPending} onClick={() => publish.mutate()}>
            {t('Publish v{{version}}', { version })}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

function Safety({ ahead }: { ahead: Shape<'OutlookShape'> }) {
  const now = new Date()
  const facts: [string, string][] = [
    [ahead.lately_days === null || ahead.people === null ? t('Audience now') : t('Could have come in, last {{days}} days', { days: ahead.lately_days }), audience(ahead)],
    [t('Channels'), ahead.channels.map(channelName).join(', ') || t('None: nobody is written to')],
    [t('First entry'), ahead.next_at ? firstEntry(ahead.next_at, now) : t('With the next person who does what starts it')],
    [t('Left alone, to measure the effect'), ahead.holdout > 0 ? percent(ahead.holdout) : t('Nobody: the effect cannot be measured')],
    ...(ahead.global_holdout > 0 ? [[t('In the global holdout'), percent(ahead.global_holdout)] as [string, string]] : []),
    [t('At most'), ahead.caps.join('; ') || t('No cap holds')],
    [t('Quiet hours'), ahead.quiet || t('None are set')],
  ]
  return (
    <>
      <dl className={actions.facts} aria-label={t('Before it goes out')}>
        {facts.map(([term, told]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{told}</dd>
          </div>
        ))}
      </dl>
      <Problems found={ahead.warnings.map((each) => ({ ...each, weight: 'odd' as const }))} />
    </>
  )
}

function audience({ people, of }: Shape<'OutlookShape'>): string {
  if (people === null) return t('Whom a program names')
  return of > 0 ? t('{{people}} of {{everybody}} people, {{share}}', { people, everybody: of, share: percent(people / of) }) : count(people)
}

const STAY = ' '

interface MovingProps {
  preview: Preview
  definition: Definition
  move: Move
  setMove: (move: Move) => void
  titleOf: (id: string) => string
  version: number
}

/** Who is under way stays on their version, but for those who are moved; who could go another way is told. */
function Moving({ preview, definition, move, setMove, titleOf, version }: MovingProps) {
  const places = byStep(preview.change.under_way)
  const targets = Object.keys(stepsOf(definition)).filter((id) => id !== startOf(definition))
  return (
    <section>
      <h3 className={styles.heading}>{t('Who is under way')}</h3>
      <p className="quiet">
        {preview.moving > 0 ? (
          <>
            {counted(preview.people, '{{count}} person is under way.', '{{count}} people are under way.')} {counted(preview.moving, '{{count}} moves to the new version.', '{{count}} move to the new version.')}{' '}
            {preview.people > preview.moving && counted(preview.people - preview.moving, '{{count}} stays on theirs.', '{{count}} stay on theirs.')}
          </>
        ) : (
          counted(preview.people, '{{count}} person is under way and stays on their version.', '{{count}} people are under way and stay on their version.')
        )}{' '}
        {counted(preview.elsewhere, '{{count}} of them could go another way in the new one.', '{{count}} of them could go another way in the new one.')}
      </p>
      <ul className={styles.movings}>
        {places.map(([step, people, elsewhere]) => (
          <li key={step}>
            <span>
              <b>{titleOf(step)}</b>
              <span className="quiet">
                {counted(people, '{{count}} person', '{{count}} people')}
                {elsewhere > 0 ? `, ${counted(elsewhere, '{{count}} would go another way', '{{count}} would go another way')}` : ''}
              </span>
            </span>
            <Select
              aria-label={t('Where those at {{step}} go on', { step: titleOf(step) })}
              data={[{ value: STAY, label: t('Stay on their version') }, ...targets.map((to) => ({ value: to, label: t('Go on at {{step}} in v{{version}}', { step: titleOf(to), version }) }))]}
              value={move[step] ?? STAY}
              onChange={(to) => {
                const { [step]: _, ...others } = move
                setMove(to === null || to === STAY ? others : { ...others, [step]: to })
              }}
            />
          </li>
        ))}
      </ul>
    </section>
  )
}

function byStep(places: UnderWay[]): [string, number, number][] {
  const found = new Map<string, [number, number]>()
  for (const { step, people, goes_elsewhere } of places) {
    const [all, elsewhere] = found.get(step) ?? [0, 0]
    found.set(step, [all + people, elsewhere + (goes_elsewhere ? people : 0)])
  }
  return [...found].map(([step, [all, elsewhere]]) => [step, all, elsewhere])
}
