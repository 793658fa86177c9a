import { Button, Select, TextInput } from '@mantine/core'
import { Copy, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { Properties } from '~/api/types'
import { STEP_FORMATS } from '~/fields/formats'
import { WritingContext } from '~/fields/writing'
import { SchemaForm } from '~/parts/SchemaForm'
import { t } from '~/words/language'
import { asFields, exitWords, type Fields } from '../graph'
import inspector from '../Inspector.module.css'
import { stepKind } from '../looks'
import { exitsOf, lead, rename, renameExit, setStep, startOf, stepOf, stepsOf } from './draft'
import { useEditing } from './editing'
import styles from './Editor.module.css'
import { aboutKind, newStep, type StepKind, waysOf } from './kinds'
import { type Found, Problems, within } from './Problems'

/** Everything a step can be told, in the form its kind declares, and where its ways out lead. */
export function StepSettings({ id, found }: { id: string; found: Found[] }) {
  const editing = useEditing()
  if (!editing) return null
  const { definition, kinds, write } = editing
  const step = stepOf(definition, id)
  const kind = kinds.steps.get(String(step['type']))
  const here = within(found, id)
  const set = (values: Fields, field: string) => write(setStep(definition, id, kind ? settled(step, values, field, kind) : values), `${id}.${field}`)
  return (
    <>
      <section className={inspector.section}>
        <Problems found={here} />
        {kind?.family === 'start' && <StartKind id={id} step={step} />}
        <p className={`quiet ${styles.help}`}>{kind && aboutKind(kind)}</p>
        {kind && (
          <WritingContext value={{ of: step, journey: String(definition['id'] ?? '') }}>
            <SchemaForm
              key={`${id} ${kind.name}`}
              schema={kind.fields}
              values={step as Properties}
              change={set}
              problems={here.filter(({ weight }) => weight === 'wrong')}
              formats={STEP_FORMATS}
              without={contentFields(kind)}
            />
          </WritingContext>
        )}
      </section>
      <Ways id={id} step={step} kind={kind} />
      <section className={inspector.section}>
        <IdField key={id} id={id} />
        <div className={styles.line} data-wraps>
          <Button leftSection={<Copy size={13} />} disabled={id === startOf(definition)} onClick={() => editing.copy([id])}>
            {t('Copy step')}
          </Button>
          <Button leftSection={<Trash2 size={13} />} disabled={id === startOf(definition)} onClick={() => editing.askToRemove([id])}>
            {t('Delete step')}
          </Button>
        </div>
      </section>
    </>
  )
}

/** What it says is written in a tab of its own. */
export const contentFields = (kind: StepKind) => Object.entries(kind.fields.properties ?? {}).flatMap(([name, schema]) => (schema.format === 'content' ? [name] : []))

/** A way out that is called otherwise leads where it led; one that is not there any more leads nowhere. */
function settled(step: Fields, values: Fields, field: string, kind: StepKind): Fields {
  if (field !== kind.exits_of) return values
  const before = waysOf(step, kind)
  const after = waysOf(values, kind)
  const gone = before.filter((way) => !after.includes(way))
  const come = after.filter((way) => !before.includes(way))
  if (gone.length === 1 && come.length === 1 && before.length === after.length) return renameExit(values, gone[0]!, come[0]!)
  const exits = Object.entries(exitsOf(values)).filter(([exit]) => after.includes(exit))
  return { ...values, exits: Object.fromEntries(exits) }
}

/** People come in by one step; which kind of step that is can be changed where it stands. */
export function StartKind({ id, step }: { id: string; step: Fields }) {
  const { definition, kinds, write } = useEditing()!
  const starts = [...kinds.steps.values()].filter(({ family }) => family === 'start')
  return (
    <Select
      className={styles.first}
      label={t('What lets people in')}
      data={starts.map(({ name, label }) => ({ value: name, label: stepKind(name, label) }))}
      value={String(step['type'])}
      onChange={(name) => {
        const kind = name && kinds.steps.get(name)
        if (!kind || name === step['type']) return
        // What both kinds ask for stays.
        const kept = Object.entries(step).filter(([field]) => field in (kind.fields.properties ?? {}) && field !== 'again')
        write(setStep(definition, id, { ...newStep(kind), ...Object.fromEntries(kept), exits: asFields(step['exits']) }))
      }}
    />
  )
}

const NOWHERE = ' '

function Ways({ id, step, kind }: { id: string; step: Fields; kind: StepKind | undefined }) {
  const editing = useEditing()!
  const ways = waysOf(step, kind)
  if (ways.length === 0) return null
  const { definition } = editing
  const exits = exitsOf(step)
  const targets = Object.keys(stepsOf(definition)).filter((to) => to !== startOf(definition) && to !== id)
  return (
    <section className={inspector.section}>
      <h3>{t('Where it leads')}</h3>
      <div className={styles.rows}>
        {ways.map((way) => (
          <div key={way} className={styles.lead}>
            <Select
              label={exitWords(way)}
              data={[{ value: NOWHERE, label: kind?.spared.includes(way) ? t('As the way before it') : t('Nowhere yet') }, ...targets.map((to) => ({ value: to, label: labelled(editing.titleOf(to), to) }))]}
              value={exits[way] ?? NOWHERE}
              searchable
              onChange={(to) => to !== null && editing.write(lead(definition, id, way, to === NOWHERE ? null : to))}
            />
            <Button leftSection={<Plus size={13} />} aria-label={t('Add a step here: {{exits}} of {{from}}', { exits: exitWords(way), from: editing.titleOf(id) })} onClick={() => editing.askFor({ from: id, exits: [way] })}>
              {t('Add')}
            </Button>
          </div>
        ))}
      </div>
    </section>
  )
}

const labelled = (title: string, id: string) => (title === id ? id : `${title} (${id})`)

const ID = /^[a-z0-9][a-z0-9_-]{0,63}$/

function IdField({ id }: { id: string }) {
  const editing = useEditing()!
  const [text, setText] = useState(id)
  const taken = text !== id && text in stepsOf(editing.definition)
  const error = taken ? t('Another step is called so.') : ID.test(text) ? undefined : t('Use small letters, digits, - and _.')
  const done = () => {
    if (error || text === id) return setText(error ? id : text)
    editing.write(rename(editing.definition, id, text))
    editing.select(text)
  }
  return (
    <TextInput
      className={styles.first}
      label={t('Id of the step')}
      description={t('Numbers are kept by it: under another id it counts anew.')}
      value={text}
      error={error}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={(event) => event.key === 'Enter' && done()}
    />
  )
}
