import { JsonInput, MultiSelect, NumberInput, PasswordInput, Select, Switch, TagsInput, Textarea, TextInput } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Json, Properties, Schema } from '~/api/types'
import { choiceName, declared, fieldName } from '~/words/declared'
import { t } from '~/words/language'
import { told } from '~/words/told'
import styles from './SchemaForm.module.css'
import { ListPart, NestedPart } from './SchemaParts'

/** Above so many characters a text is more than a line. */
const LINE_MOST = 2_000

export interface Problem {
  path: string
  message: string
}

/** What a field is drawn with. */
export interface FieldProps {
  name: string
  label: string
  description: string | undefined
  schema: Schema
  /** What is written; undefined for the usual. */
  value: Json | undefined
  set: (value: Json | undefined) => void
  required: boolean
  error: string | undefined
}

/** Fields of a format that ask for more than a line: who uses the form says how they are drawn. */
export type FieldsByFormat = Record<string, (field: FieldProps) => ReactNode>

interface Props {
  schema: Schema
  values: Properties
  change: (values: Properties, field: string) => void
  /** Secrets that are set: they are not shown, and stay unless something is written. */
  kept?: Record<string, boolean>
  problem?: Problem | null
  problems?: Problem[]
  formats?: FieldsByFormat
  /** Fields that are drawn elsewhere. */
  without?: string[]
}

/** What is declared for whoever writes JSON, as it is read beside a field: without marks of code, and empty where it says null. */
const inForm = (text: string, name: string, { enum: choices = [] }: Schema) =>
  text.replace(/`([^`]*)`/g, (_, word: string) => (choices.includes(word) ? `“${choiceName(name, word)}”` : word)).replace(/\bnull\b/g, 'empty')

/** A form made from what was declared: a new provider, channel or step needs nothing written here. */
export function SchemaForm({ schema, values, change, kept = {}, problem = null, problems = [], formats = {}, without = [] }: Props) {
  const required = new Set(schema.required ?? [])
  const set = (name: string, value: Json | undefined) => {
    const { [name]: _, ...others } = values
    change(value === undefined ? others : { ...others, [name]: value }, name)
  }
  const all = problem ? [problem, ...problems] : problems
  return (
    <div className={styles.form}>
      {Object.entries(schema.properties ?? {})
        .filter(([name]) => !without.includes(name))
        .map(([name, part]) => (
          <Part
            key={name}
            name={name}
            label={fieldName(name)}
            description={part.description && inForm(declared(part.description), name, part)}
            schema={part}
            value={values[name]}
            set={(value) => set(name, value)}
            required={required.has(name) && !kept[name]}
            kept={kept[name] === true}
            error={told(all.find(({ path }) => within(path, name))?.message ?? '') || undefined}
            formats={formats}
          />
        ))}
    </div>
  )
}

const within = (path: string, name: string) => path.split(/[.[\]]/).includes(name)

/** What may be null, without the null. */
export const plainOf = (schema: Schema): Schema => schema.anyOf?.find(({ type }) => type !== 'null') ?? schema

interface PartProps extends FieldProps {
  kept: boolean
  formats: FieldsByFormat
}

export function Part({ kept, formats, ...field }: PartProps) {
  const { name, label, description, schema, value, set, required, error } = field
  const kind = plainOf(schema)
  const drawn = formats[kind.format ?? ''] ?? formats[`${kind.items?.format ?? ''}[]`]
  if (drawn) return drawn({ ...field, schema: { ...kind, default: schema.default } as Schema })
  const shared = { label, description, required, withAsterisk: required, error }
  if (kind.enum) {
    const options = kind.enum.map(String)
    return (
      <Select
        {...shared}
        data={options.map((option) => ({ value: option, label: choiceName(name, option) }))}
        value={String(value ?? schema.default ?? options[0])}
        onChange={(next) => set(next ?? undefined)}
      />
    )
  }
  switch (kind.type) {
    case 'boolean':
      return <Switch label={label} description={description} checked={(value ?? schema.default) === true} onChange={(event) => set(event.currentTarget.checked)} />
    case 'integer':
    case 'number':
      return (
        <NumberInput
          {...shared}
          value={typeof value === 'number' ? value : typeof schema.default === 'number' ? schema.default : ''}
          allowDecimal={kind.type === 'number'}
          onChange={(next) => set(typeof next === 'number' ? next : schema.anyOf ? null : undefined)}
        />
      )
    case 'string':
      return <TextPart {...shared} schema={kind} text={typeof value === 'string' ? value : undefined} fallback={schema.default} set={set} kept={kept} empty={schema.anyOf ? null : undefined} />
    case 'object':
      if (kind.properties) return <NestedPart {...field} plain={kind} formats={formats} />
      break
    case 'array': {
      const items = kind.items ?? {}
      const written = Array.isArray(value) ? value : Array.isArray(schema.default) ? schema.default : []
      if (items.enum) {
        return <MultiSelect {...shared} data={items.enum.map((each) => ({ value: String(each), label: choiceName(name, String(each)) }))} value={written.map(String)} onChange={set} />
      }
      if (items.type === 'string') return <TagsInput {...shared} value={written.map(String)} onChange={set} placeholder={written.length === 0 ? t('Write one and press Enter') : ''} />
      if (items.properties) return <ListPart {...field} plain={kind} written={written} formats={formats} />
    }
  }
  return <JsonPart {...shared} value={value} fallback={schema.default} set={set} />
}

interface Shared {
  label: string
  description: string | undefined
  required: boolean
  withAsterisk: boolean
  error: string | undefined
}

function JsonPart({ value, fallback, set, ...shared }: Shared & { value: Json | undefined; fallback: Json | undefined; set: FieldProps['set'] }) {
  return (
    <JsonInput
      {...shared}
      autosize
      minRows={2}
      maxRows={10}
      formatOnBlur
      validationError={t('This is not JSON.')}
      defaultValue={value === undefined && fallback == null ? '' : JSON.stringify(value ?? fallback, null, 2)}
      onChange={(text) => {
        try {
          set(text.trim() ? (JSON.parse(text) as Json) : undefined)
        } catch {
          // Half-written: the last whole value stands until it is JSON again.
        }
      }}
    />
  )
}

interface TextProps extends Shared {
  schema: Schema
  text: string | undefined
  fallback: Json | undefined
  set: (value: Json | undefined) => void
  kept: boolean
  /** What an empty text means where it may be left out. */
  empty: null | undefined
}

function TextPart({ schema, text, fallback, set, kept, empty, ...shared }: TextProps) {
  const usual = typeof fallback === 'string' ? fallback : ''
  if (schema.format === 'password') {
    return (
      <PasswordInput
        {...shared}
        autoComplete="new-password"
        placeholder={kept ? t('Set; write here to replace it') : ''}
        visibilityToggleButtonProps={{ 'aria-label': t('Show {{what}}', { what: shared.label }) }}
        value={text ?? ''}
        onChange={(event) => set(event.currentTarget.value === '' && !shared.required ? undefined : event.currentTarget.value)}
      />
    )
  }
  const write = (next: string) => set(next === '' && empty === null ? null : next)
  const change = { value: text ?? usual, onChange: (event: { currentTarget: { value: string } }) => write(event.currentTarget.value) }
  if ((schema.maxLength ?? 0) > LINE_MOST) return <Textarea {...shared} {...change} autosize minRows={2} maxRows={14} spellCheck={false} />
  return <TextInput {...shared} {...change} />
}
