import { Button, SegmentedControl, VisuallyHidden } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useMay } from '~/api/may'
import type { Run } from '~/api/types'
import { TopBar } from '~/frame/TopBar'
import { Chip, isLive, StateChip } from '~/parts/Chip'
import { LiveMark, PausedStrip } from '~/parts/Live'
import { DraftFound, DraftNote } from '~/parts/teamwork/DraftNote'
import { MovedOnDialog } from '~/parts/teamwork/MovedOnDialog'
import { useDraft } from '~/parts/teamwork/useDraft'
import { useNarrow } from '~/parts/useNarrow'
import { counted, t } from '~/words/language'
import { AddingContext } from '../adding'
import { Canvas } from '../Canvas'
import { exitWords } from '../graph'
import { HeldStrip } from '../HeldStrip'
import pageStyles from '../RunPage.module.css'
import { AddButton } from './AddButton'
import { AddDialog } from './AddDialog'
import { copied, pasted, stepsIn } from './clipboard'
import { DifferencesDialog } from './DifferencesDialog'
import { type Definition, insert, lead, type Place, remove, startOf, stepsOf } from './draft'
import { drawingOf } from './drawing'
import { type Editing, EditingBoxContext, EditingContext } from './editing'
import styles from './Editor.module.css'
import { EditInspector } from './EditInspector'
import { EditOutline } from './EditOutline'
import { JourneyActions } from './JourneyActions'
import type { Kinds } from './kinds'
import { bothOf, type Mark, marksBetween } from './marks'
import { Palette } from './Palette'
import { type Entry, placeAfter, stepFor } from './palette'
import { foundIn } from './Problems'
import { ProblemsMenu } from './ProblemsMenu'
import { PublishDialog } from './PublishDialog'
import { draftCheck, versionDetail } from './questions'
import { RemoveDialog } from './RemoveDialog'
import { useJourney } from './useJourney'
import { useShortcuts } from './useShortcuts'

const here = getRouteApi('/journeys/$id')
const CHECK_MS = 350
const NO_MARKS = new Map<string, Mark>()
const NO_CARDS = {}

interface Props {
  id: string
  /** What is published; null before the first time. */
  run: Run | null
  kinds: Kinds
  /** What a new one begins with. */
  beginning: Definition | null
  /** The revision of the draft it begins with, where it is one. */
  takenUp: number | null
}

/** Steps copied in this page; where the browser keeps the clipboard to itself, it is what is pasted. */
let lastCopied = ''

export function JourneyEditor({ id, run, kinds, beginning, takenUp }: Props) {
  const search = here.useSearch()
  const navigate = useNavigate({ from: '/journeys/$id' })
  const go = (next: Partial<typeof search>) => void navigate({ search: (old) => ({ ...old, ...next }), replace: true })
  const may = useMay()
  const narrow = useNarrow()
  const journey = useJourney(run, beginning)
  const { state, dispatch, write } = journey
  const definition = state.now
  const draft = useDraft<Definition>('journey', id, journey.based, takenUp)
  // Everything that is written, undone and done again is kept as it is typed.
  const keep = draft.write
  const strokes = state.past.length + state.future.length
  useEffect(() => {
    if (strokes > 0) keep(state.now)
  }, [state.now, strokes, keep])
  const [more, setMore] = useState<string[]>([])
  const [said, setSaid] = useState('')
  const [asked, setAsked] = useState<Place | null>(null)
  const [removing, setRemoving] = useState<string[] | null>(null)
  const [dialog, setDialog] = useState<'publish' | 'differences' | null>(null)
  const canWrite = may('decisions:write') && !narrow && run?.state !== 'archived'

  const [settled] = useDebouncedValue(definition, CHECK_MS)
  const check = useQuery({ ...draftCheck(id, settled), enabled: canWrite || run === null })
  const found = useMemo(() => foundIn(check.data), [check.data])
  const against = useQuery({ ...versionDetail(id, search.against ?? 1), enabled: search.against !== undefined })
  const compared = search.against !== undefined && against.data ? (against.data.definition as Definition) : null
  const published = run?.definition ?? null
  const shownDefinition = compared ? bothOf(compared, definition) : definition
  const graph = useMemo(() => {
    const base = compared ?? published
    const problems = new Map<string, number>()
    for (const { step, weight } of found) if (weight === 'wrong' && step) problems.set(step, (problems.get(step) ?? 0) + 1)
    return drawingOf(shownDefinition, {
      kinds,
      cards: check.data?.cards ?? against.data?.cards ?? NO_CARDS,
      run,
      marks: base ? marksBetween(base, definition) : NO_MARKS,
      problems,
      gaps: canWrite && compared === null,
    })
  }, [shownDefinition, definition, compared, published, kinds, check.data, against.data, run, found, canWrite])

  const there = (step: string) => step in stepsOf(shownDefinition)
  const first = search.step !== undefined && there(search.step) ? search.step : null
  const selected = first === null ? [] : [first, ...more.filter((step) => step !== first && there(step))]
  const select = (step: string | null, another = false) => {
    if (step === null || !another || first === null) {
      setMore([])
      // What was looked at of one step is looked at of the next; of the whole journey it is something else.
      return go({ step: step ?? undefined, tab: step === null || first === null ? undefined : search.tab })
    }
    const next = selected.includes(step) ? selected.filter((each) => each !== step) : [...selected, step]
    setMore(next.slice(1))
    go({ step: next[0], tab: undefined })
  }
  const titles = useMemo(() => new Map(graph.steps.map((step) => [step.id, step.title || step.id])), [graph])
  const titleOf = (step: string) => titles.get(step) ?? step

  const add = (entry: Entry, place?: Place) => {
    const where = place ?? placeAfter(definition, kinds, first)
    const { step, onward } = stepFor(entry)
    const made = insert(definition, where, entry.wanted, step, onward)
    write(made.definition)
    setSaid(where ? t('{{step}} was added after {{from}}.', { step: entry.label, from: titleOf(where.from) }) : t('{{step}} was added.', { step: entry.label }))
    setMore([])
    go({ step: made.id, tab: entry.channel ? 'message' : 'settings' })
  }
  const leadTo = ({ from, exits }: Place, to: string) => {
    // It may have been dragged here from another window.
    if (!(from in stepsOf(definition))) return
    if (to === startOf(definition)) return setSaid(t('Nothing leads to where people come in.'))
    if (to === from) return setSaid(t('A step cannot lead to itself.'))
    write(exits.reduce((whole, exit) => lead(whole, from, exit, to), definition))
    setSaid(t('{{from}}, {{exits}}, leads to {{to}} now.', { from: titleOf(from), exits: exits.map(exitWords).join(', '), to: titleOf(to) }))
  }
  const put = (text: string, place?: Place) => {
    const steps = stepsIn(text)
    if (!steps) return setSaid(t('There are no steps on the clipboard.'))
    const made = pasted(definition, place ?? placeAfter(definition, kinds, first), steps)
    write(made.definition)
    const many = Object.keys(steps).length
    setSaid(counted(many, '{{count}} step was pasted.', '{{count}} steps were pasted.'))
    go({ step: made.id, tab: 'settings' })
  }
  const copy = (ids: string[]): string => {
    const text = copied(definition, ids)
    if (!text) return ''
    lastCopied = text
    setSaid(counted(Object.keys(stepsIn(text) ?? {}).length, '{{count}} step was copied.', '{{count}} steps were copied.'))
    return text
  }
  const askToRemove = (ids: string[]) => {
    const gone = ids.filter((step) => step !== startOf(definition) && step in stepsOf(definition))
    if (gone.length > 0) setRemoving(gone)
    else setSaid(t('Where people come in cannot be deleted. Change what lets them in instead.'))
  }
  const editing: Editing | null =
    canWrite && compared === null
      ? {
          definition,
          kinds,
          write,
          select,
          add,
          leadTo,
          askFor: setAsked,
          askToRemove,
          copy: (ids) => {
            const text = copy(ids)
            if (text) void navigator.clipboard?.writeText(text).catch(() => undefined)
          },
          paste: (place) => {
            // Where the clipboard may not be read, what was copied in this page is meant.
            const reading = navigator.clipboard?.readText?.() ?? Promise.resolve('')
            void reading.then((text) => put(stepsIn(text) ? text : lastCopied, place), () => put(lastCopied, place))
          },
          titleOf,
        }
      : null
  const box = useRef<Editing | null>(null)
  box.current = editing
  const undo = () => {
    dispatch({ do: 'undo' })
    setSaid(state.past.length > 0 ? t('Undone.') : t('There is nothing to undo.'))
  }
  const redo = () => {
    dispatch({ do: 'redo' })
    setSaid(state.future.length > 0 ? t('Done again.') : t('There is nothing to do again.'))
  }
  const meant = (focused: string | null) => (selected.length > 0 ? selected : focused && !focused.includes(' ') ? [focused] : [])
  useShortcuts(editing !== null, {
    undo,
    redo,
    remove: (focused) => meant(focused).length > 0 && askToRemove(meant(focused)),
    insert: (focused) => setAsked(placeAfter(definition, kinds, focused ?? first)),
    copied: (focused, cut) => {
      const ids = meant(focused)
      if (cut && ids.length > 0) askToRemove(ids)
      return copy(ids)
    },
    pasted: (text, focused) => put(text, placeAfter(definition, kinds, focused && !focused.includes(' ') ? focused : first) ?? undefined),
  })
  const view = search.view === 'outline' || search.view === 'canvas' ? search.view : narrow ? 'outline' : 'canvas'
  const wrong = found.filter(({ weight }) => weight === 'wrong').length
  const waiting = (ids: string[]) => ids.reduce((total, step) => total + (run?.steps.find((each) => each.id === step)?.waiting ?? 0), 0)
  const page = (
    <EditingContext value={editing}>
      <TopBar
        title={String(definition['name'] || id)}
        parent={{ to: '/journeys', label: t('Journeys') }}
        {...(run ? { about: `journey:${id}` } : {})}
        beside={
          <>
            {run ? <StateChip state={run.state} version={run.version} /> : <Chip tone="accent">{t('Not published')}</Chip>}
            {run && journey.changed && <Chip tone="accent">{t('Changed')}</Chip>}
            {run && <LiveMark word={t('Counting')} />}
          </>
        }
      >
        <DraftNote draft={draft} />
        <JourneyActions
          run={run}
          definition={definition}
          changed={journey.changed}
          wrong={wrong}
          editable={editing !== null}
          undo={state.past.length > 0 ? undo : null}
          redo={state.future.length > 0 ? redo : null}
          publish={() => setDialog('publish')}
        />
      </TopBar>
      {canWrite && <DraftFound draft={draft} restore={(kept) => dispatch({ do: 'write', definition: kept })} />}
      <div className={pageStyles.panes} data-palette={editing !== null || undefined}>
        {editing && <Palette kinds={kinds} />}
        <div className={pageStyles.work} data-view={view}>
          <div className={pageStyles.view}>
            <SegmentedControl
              aria-label={t('How to see the steps')}
              data={[
                { value: 'canvas', label: t('Canvas') },
                { value: 'outline', label: t('Outline') },
              ]}
              value={view}
              onChange={(value) => go({ view: value })}
            />
            <PausedStrip />
            {narrow && may('decisions:write') && <p className={styles.strip}>{t('Changing it needs a wider window. Here you can read it and its numbers.')}</p>}
            {!may('decisions:write') && <p className={styles.strip}>{t('You can read it. An owner or admin can let you change it in Settings → Accounts.')}</p>}
            {run && <HeldStrip run={run} look={() => go({ step: undefined, tab: 'runs' })} />}
            {editing && <ProblemsMenu found={found} select={select} titleOf={titleOf} />}
            {journey.movedOn && (
              <div className={styles.strip} data-weight="odd" role="status">
                <p>{t('Version {{version}} was published meanwhile.', { version: run!.version })}</p>
                <Button size="compact-xs" onClick={() => setDialog('differences')}>
                  {t('What is different')}
                </Button>
                <Button size="compact-xs" onClick={journey.takeTheirs}>
                  {t('Take it, drop what is written here')}
                </Button>
                <Button size="compact-xs" onClick={journey.keepOurs}>
                  {t('Go on with mine')}
                </Button>
              </div>
            )}
            {search.against !== undefined && (
              <div className={styles.strip} role="status">
                <p>{t('Compared with version {{version}}.', { version: search.against })}</p>
                <Button size="compact-xs" disabled={compared === null} onClick={() => setDialog('differences')}>
                  {t('What is different')}
                </Button>
                <Button size="compact-xs" onClick={() => go({ against: undefined })}>
                  {t('Stop comparing')}
                </Button>
              </div>
            )}
          </div>
          {view === 'canvas' ? (
            <AddingContext value={editing ? AddButton : null}>
              <Canvas graph={graph} live={run !== null && isLive(run.state)} selected={selected} select={select} />
            </AddingContext>
          ) : (
            <EditOutline graph={graph} selected={selected} select={select} />
          )}
        </div>
        <EditInspector
          id={id}
          run={run}
          definition={definition}
          kinds={kinds}
          graph={graph}
          selected={selected}
          clear={() => select(null)}
          tab={search.tab}
          open={(tab) => go({ tab })}
          found={found}
          compared={search.against ?? null}
          compare={(version) => go({ against: version ?? undefined })}
          restore={canWrite ? write : null}
        />
      </div>
      <VisuallyHidden role="status" aria-live="polite">
        {said}
      </VisuallyHidden>
      {asked && editing && <AddDialog place={asked} close={() => setAsked(null)} />}
      {removing && (
        <RemoveDialog
          titles={removing.map(titleOf)}
          people={waiting(removing)}
          close={() => setRemoving(null)}
          remove={() => {
            write(remove(definition, removing))
            setSaid(counted(removing.length, '{{count}} step was deleted.', '{{count}} steps were deleted.'))
            setRemoving(null)
            select(null)
          }}
        />
      )}
      {dialog === 'publish' && (
        <PublishDialog
          run={run}
          basedOn={journey.based}
          definition={definition}
          titleOf={titleOf}
          close={() => setDialog(null)}
          done={(waits) => {
            setDialog(null)
            if (!waits) {
              journey.takePublished()
              void draft.discard()
            }
            setSaid(waits ? t('It waits for somebody to approve it.') : t('It was published.'))
            go({ from: undefined, name: undefined })
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
      {dialog === 'differences' && (
        <DifferencesDialog
          before={compared ?? published ?? {}}
          after={definition}
          titles={{ before: t('Version {{version}}', { version: compared ? search.against! : (run?.version ?? 0) }), after: t('What is written') }}
          titleOf={titleOf}
          close={() => setDialog(null)}
        />
      )}
    </EditingContext>
  )
  return <EditingBoxContext value={box}>{page}</EditingBoxContext>
}
