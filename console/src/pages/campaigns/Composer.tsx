import { Button, Switch, Tabs, TextInput, VisuallyHidden } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { useMay } from '~/api/may'
import type { Properties, Run, Schema } from '~/api/types'
import { STEP_FORMATS } from '~/fields/formats'
import { WritingContext } from '~/fields/writing'
import { TopBar } from '~/frame/TopBar'
import { Chip, StateChip } from '~/parts/Chip'
import { PausedStrip } from '~/parts/Live'
import { SchemaForm } from '~/parts/SchemaForm'
import { DraftFound, DraftNote } from '~/parts/teamwork/DraftNote'
import { MovedOnDialog } from '~/parts/teamwork/MovedOnDialog'
import { useDraft } from '~/parts/teamwork/useDraft'
import { t } from '~/words/language'
import { type Definition, setStep, stepOf } from '../runs/editor/draft'
import { type Editing, EditingContext, useEditing } from '../runs/editor/editing'
import editor from '../runs/editor/Editor.module.css'
import { aboutKind, type Kinds, newStep } from '../runs/editor/kinds'
import { MessageSettings } from '../runs/editor/MessageSettings'
import { type Found, foundIn, Problems, within } from '../runs/editor/Problems'
import { contentFields, StartKind } from '../runs/editor/StepSettings'
import { useJourney } from '../runs/editor/useJourney'
import { useShortcuts } from '../runs/editor/useShortcuts'
import { asFields } from '../runs/graph'
import { Actions, type View } from './Actions'
import { Coming } from './Coming'
import styles from './Composer.module.css'
import { campaignOf, foundByPart, journeyOf, SEND, TRIGGER, UNLESS } from './meaning'
import { OutlookFacts } from './Outlook'
import { Personalise } from './Personalise'
import { PublishDialog } from './PublishDialog'
import { campaignCheck, campaignOutlook, type Outlook } from './questions'
import { Overlap, Reach } from './Reach'
import { Versions } from './Versions'

const CHECK_MS = 400

/** What bounds it stands together, below; everything else a trigger asks for says who gets it, and when. */
const LIMITS = ['again', 'cool_down_seconds', 'most_people', 'hold_above', 'throttle', 'cut_off_seconds', 'latest_seconds', 'key_property']

interface Props {
  id: string
  /** What is published; null before the first time. */
  run: Run | null
  kinds: Kinds
  /** What a new one begins with. */
  beginning: Definition | null
  /** The revision of the draft it begins with, where it is one. */
  takenUp: number | null
  look: (view: View) => void
}

/** A campaign from empty to scheduled, on one page: who and when, what it says, what bounds it; beside it what that sets going. */
export function Composer({ id, run, kinds, beginning, takenUp, look }: Props) {
  const may = useMay()
  const campaign = useJourney(run, beginning)
  const { state, dispatch } = campaign
  const definition = state.now
  const draft = useDraft<Definition>('campaign', id, campaign.based, takenUp)
  // Everything that is written, undone and done again is kept as it is typed.
  const keep = draft.write
  const strokes = state.past.length + state.future.length
  useEffect(() => {
    if (strokes > 0) keep(state.now)
  }, [state.now, strokes, keep])
  const [said, setSaid] = useState('')
  const [publishing, setPublishing] = useState(false)
  const editable = may('decisions:write') && run?.state !== 'archived'
  const [settled] = useDebouncedValue(definition, CHECK_MS)
  const check = useQuery(campaignCheck(id, settled))
  const found = useMemo(() => foundByPart(foundIn(check.data)), [check.data])
  const wrong = found.filter(({ weight }) => weight === 'wrong').length
  // Not before the server has looked at this very definition: what is wrong with it would only be refused.
  const ahead = useQuery({ ...campaignOutlook(id, settled), enabled: check.data !== undefined && !check.isPlaceholderData && wrong === 0 })
  const editing = useMemo((): Editing => {
    const nothing = () => undefined
    return {
      definition: journeyOf(definition),
      kinds,
      write: (journey, touching) => editable && campaign.write(campaignOf(journey), touching),
      // A campaign has the parts it has: none is put in, taken out or chosen.
      select: nothing,
      add: nothing,
      leadTo: nothing,
      askFor: nothing,
      askToRemove: nothing,
      copy: nothing,
      paste: nothing,
      titleOf: partName,
    }
  }, [editable, definition, kinds, campaign.write])
  const undo = () => {
    dispatch({ do: 'undo' })
    setSaid(state.past.length > 0 ? t('Undone.') : t('There is nothing to undo.'))
  }
  const redo = () => {
    dispatch({ do: 'redo' })
    setSaid(state.future.length > 0 ? t('Done again.') : t('There is nothing to do again.'))
  }
  useShortcuts(editable && !publishing, { undo, redo, remove: () => undefined, insert: () => undefined, copied: () => '', pasted: () => undefined })
  return (
    <EditingContext value={editing}>
      <TopBar
        title={String(definition['name'] || id)}
        parent={{ to: '/campaigns', label: t('Campaigns') }}
        {...(run ? { about: `campaign:${id}` } : {})}
        beside={
          <>
            {run ? <StateChip state={run.state} version={run.version} /> : <Chip tone="accent">{t('Not published')}</Chip>}
            {run && campaign.changed && <Chip tone="accent">{t('Changed')}</Chip>}
          </>
        }
      >
        <DraftNote draft={draft} />
        <Actions
          run={run}
          definition={definition}
          changed={campaign.changed}
          wrong={wrong}
          checked={check.data !== undefined && settled === definition && !check.isPlaceholderData}
          editable={editable}
          undo={state.past.length > 0 ? undo : null}
          redo={state.future.length > 0 ? redo : null}
          publish={() => setPublishing(true)}
          look={look}
        />
      </TopBar>
      {editable && <DraftFound draft={draft} restore={(kept) => dispatch({ do: 'write', definition: kept })} />}
      <div className={styles.panes}>
        <div className={styles.work} tabIndex={0} role="region" aria-label={t('Composer')}>
          <PausedStrip />
          <div className={styles.sheet}>
            {!editable && <p className={editor.strip}>{t('You can read it. An owner or admin can let you change it in Settings → Accounts.')}</p>}
            {campaign.movedOn && (
              <div className={editor.strip} data-weight="odd" role="status">
                <p>{t('Version {{version}} was published meanwhile.', { version: run!.version })}</p>
                <Button size="compact-xs" onClick={campaign.takeTheirs}>
                  {t('Take it, drop what is written here')}
                </Button>
                <Button size="compact-xs" onClick={campaign.keepOurs}>
                  {t('Go on with mine')}
                </Button>
              </div>
            )}
            <fieldset disabled={!editable} className={styles.fields}>
              <Parts id={id} definition={definition} kinds={kinds} found={found} write={campaign.write} ahead={wrong === 0 ? (ahead.data ?? NOTHING_AHEAD) : NOTHING_AHEAD} />
            </fieldset>
          </div>
        </div>
        <aside className={styles.ahead} aria-label={t('What it sets going')} tabIndex={0}>
          <Tabs defaultValue="ahead">
            <Tabs.List>
              <Tabs.Tab value="ahead">{t('Before it goes out')}</Tabs.Tab>
              {run && <Tabs.Tab value="versions">{t('Versions')}</Tabs.Tab>}
            </Tabs.List>
            <Tabs.Panel value="ahead" className={styles.panel}>
              {wrong > 0 ? (
                <>
                  <p className="quiet">{t('What it sets going is told once nothing is wrong any more.')}</p>
                  <Problems found={found} />
                </>
              ) : (check.error ?? ahead.error) ? (
                <p role="alert">
                  {t('It could not be looked ahead.')} {(check.error ?? ahead.error)?.message}{' '}
                  <Button
                    size="compact-xs"
                    onClick={() => {
                      void check.refetch()
                      if (check.data) void ahead.refetch()
                    }}
                  >
                    {t('Try again')}
                  </Button>
                </p>
              ) : ahead.data ? (
                <OutlookFacts ahead={ahead.data} definition={definition} />
              ) : (
                <p className="quiet">{t('Counting…')}</p>
              )}
              <Reach definition={definition} />
              <Overlap id={id} definition={definition} />
            </Tabs.Panel>
            {run && (
              <Tabs.Panel value="versions" className={styles.panel}>
                <Versions id={id} definition={definition} restore={editable ? campaign.write : null} />
              </Tabs.Panel>
            )}
          </Tabs>
        </aside>
      </div>
      <VisuallyHidden role="status" aria-live="polite">
        {said}
      </VisuallyHidden>
      {publishing && (
        <PublishDialog
          run={run}
          basedOn={campaign.based}
          definition={definition}
          close={() => setPublishing(false)}
          done={(waits) => {
            setPublishing(false)
            if (!waits) {
              campaign.takePublished()
              void draft.discard()
            }
            setSaid(waits ? t('It waits for somebody to approve it.') : t('It was published.'))
          }}
        />
      )}
      {draft.conflict && (
        <MovedOnDialog
          by={draft.conflict.by}
          mine={definition}
          theirs={draft.conflict.theirs}
          takeTheirs={() => {
            const theirs = draft.takeTheirs()
            if (theirs) dispatch({ do: 'open', definition: theirs })
          }}
          keepMine={draft.keepMine}
          close={draft.decideLater}
        />
      )}
    </EditingContext>
  )
}

export function partName(part: string): string {
  switch (part) {
    case TRIGGER:
      return t('Who gets it, and when')
    case UNLESS:
      return t('Unless they do something first')
    case SEND:
      return t('What they get')
    default:
      return part
  }
}

const NOTHING_AHEAD = { coming: [], marked: [] }

interface PartsProps {
  id: string
  definition: Definition
  kinds: Kinds
  found: Found[]
  write: (definition: Definition, touching?: string) => void
  ahead: Pick<Outlook, 'coming' | 'marked'>
}

function Parts({ id, definition, kinds, found, write, ahead }: PartsProps) {
  const trigger = asFields(definition[TRIGGER])
  const start = kinds.steps.get(String(trigger['type']))
  const limits = Object.keys(start?.fields.properties ?? {}).filter((name) => LIMITS.includes(name))
  const others = Object.keys(start?.fields.properties ?? {}).filter((name) => !LIMITS.includes(name))
  const send = kinds.steps.get('send')
  return (
    <>
      <section className={styles.section} aria-label={t('Name')}>
        <TextInput label={t('Name')} maxLength={200} value={String(definition['name'] ?? '')} onChange={(event) => write({ ...definition, name: event.currentTarget.value }, 'name')} />
      </section>
      <section className={styles.section}>
        <h2>{partName(TRIGGER)}</h2>
        <Problems found={within(found, TRIGGER).filter(({ weight }) => weight === 'odd')} />
        <StartKind id={TRIGGER} step={stepOf(journeyOf(definition), TRIGGER)} />
        {start && <p className={`quiet ${editor.help}`}>{aboutKind(start)}</p>}
        <StepForm part={TRIGGER} without={limits} found={found} />
        <Coming {...ahead} />
      </section>
      <section className={styles.section}>
        <h2>{partName(SEND)}</h2>
        {send && <StepForm part={SEND} without={contentFields(send)} found={found} />}
        <MessageSettings id={SEND} field="template" found={found} />
        <Personalise event={typeof trigger['event'] === 'string' ? trigger['event'] : ''} />
      </section>
      <Unless definition={definition} kinds={kinds} found={found} write={write} />
      {limits.length > 0 && (
        <section className={styles.section}>
          <h2>{t('What bounds it')}</h2>
          <StepForm part={TRIGGER} without={others} found={found} />
        </section>
      )}
      <section className={styles.section}>
        <h2>{t('What it is for, and whom it leaves alone')}</h2>
        <Problems found={within(found, '')} />
        <WritingContext value={{ of: definition, journey: id }}>
          <SchemaForm
            schema={kinds.journey}
            values={definition as Properties}
            change={(values, field) => write(values, field)}
            problems={within(found, '').filter(({ weight }) => weight === 'wrong')}
            formats={STEP_FORMATS}
            without={Object.keys(kinds.journey.properties ?? {}).filter((name) => !['holdout', 'goal', 'budget'].includes(name))}
          />
        </WritingContext>
      </section>
    </>
  )
}

/** The fields of one part, in the form its kind declares. */
function StepForm({ part, without, found }: { part: string; without: string[]; found: Found[] }) {
  const editing = useEditing()
  if (!editing) return null
  const { definition, kinds, write } = editing
  const step = stepOf(definition, part)
  const kind = kinds.steps.get(String(step['type']))
  if (!kind) return null
  return (
    <WritingContext value={{ of: step, journey: String(definition['id'] ?? '') }}>
      <SchemaForm
        key={`${part} ${kind.name}`}
        schema={inOrder(kind.fields)}
        values={step as Properties}
        change={(values, field) => {
          // Another channel has other parts: what was said for the one before means nothing to it.
          const next = part === SEND && field === 'channel' && values['channel'] !== step['channel'] ? { ...values, template: {} } : values
          write(setStep(definition, part, next), `${part}.${field}`)
        }}
        problems={within(found, part).filter(({ weight }) => weight === 'wrong')}
        formats={STEP_FORMATS}
        without={without}
      />
    </WritingContext>
  )
}

const FIRST = ['audience', 'days', 'days_of_month', 'at']
const LAST = ['only_if']

/** Who and when come before what narrows them. */
function inOrder(schema: Schema): Schema {
  const rank = (name: string) => (LAST.includes(name) ? FIRST.length + 1 : FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length)
  const fields = Object.entries(schema.properties ?? {}).sort(([one], [other]) => rank(one) - rank(other))
  return { ...schema, properties: Object.fromEntries(fields) }
}

function Unless({ definition, kinds, found, write }: Omit<PartsProps, 'id' | 'ahead'>) {
  const until = kinds.steps.get('until')
  const there = definition[UNLESS] !== null && definition[UNLESS] !== undefined
  if (!until) return null
  return (
    <section className={styles.section}>
      <h2>{partName(UNLESS)}</h2>
      <Switch
        label={t('Wait, and send nothing to who does something in the meantime')}
        checked={there}
        onChange={(event) => {
          const { type: _, exits: __, ...fields } = newStep(until, { event: 'Order Completed' })
          write({ ...definition, [UNLESS]: event.currentTarget.checked ? fields : null })
        }}
      />
      {there && <StepForm part={UNLESS} without={[]} found={found} />}
    </section>
  )
}
