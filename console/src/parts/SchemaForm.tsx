import { JsonInput, NumberInput, PasswordInput, Select, Switch, Textarea, TextInput } from '@mantine/core'
import type { Json, Properties, Schema } from '~/api/types'
import { readable } from '~/words/people'
import styles from './SchemaForm.module.css'

/** Above so many characters a text is more than a line. */
const LINE_MOST = 2_000

interface Props {
  schema: Schema
  values: Properties
  change: (values: Properties) => void
  /** Secrets that are set: they are not shown, and stay unless something is written. */
  kept?: Record<string, boolean>
  problem?: { path: string; message: string } | null
}

/** A form made from what was declared: a new provider or channel needs nothing written here. */
export function SchemaForm({ schema, values, change, kept = {}, problem = null }: Props) {
  const required = new Set(schema.required ?? [])
  const set = (name: string, value: Json | undefined) => {
    const { [name]: _, ...others } = values
    change(value === undefined ? others : { ...others, [name]: value })
  }
  return (
    <div className={styles.form}>
      {Object.entries(schema.properties ?? {}).map(([name, part]) => (
        <Part
          key={name}
          name={name}
          schema={part}
          value={values[name]}
          set={(value) => set(name, value)}
          required={required.has(name) && !kept[name]}
          kept={kept[name] === true}
          error={problem && within(problem.path, name) ? problem.message : undefined}
        />
      ))}
    </div>
  )
}

/** "api_url" → "API URL": what people say letter by letter is written so. */
const labelOf = (name: string) => readable(name).replace(/\b(api|dkim|html|id|mjml|sid|ttl|url)\b/gi, (word) => word.toUpperCase())

const within = (path: string, name: string) => path.split(/[.[\]]/).includes(name)

interface PartProps {
  name: string
  schema: Schema
  value: Json | undefined
  set: (value: Json | undefined) => void
  required: boolean
  kept: boolean
  error: string | undefined
}

function Part({ name, schema, value, set, required, kept, error }: PartProps) {
  const kind = schema.anyOf?.find(({ type }) => type !== 'null') ?? schema
  const shared = { label: labelOf(name), description: schema.description, required, withAsterisk: required, error }
  if (kind.enum) {
    const options = kind.enum.map(String)
    return <Select {...shared} data={options} value={String(value ?? schema.default ?? options[0])} onChange={(next) => set(next ?? undefined)} />
  }
  switch (kind.type) {
    case 'boolean':
      return <Switch label={labelOf(name)} description={schema.description} checked={(value ?? schema.default) === true} onChange={(event) => set(event.currentTarget.checked)} />
    case 'integer':
    case 'number':
      return (
        <NumberInput
          {...shared}
          value={typeof value === 'number' ? value : typeof schema.default === 'number' ? schema.default : ''}
          allowDecimal={kind.type === 'number'}
          onChange={(next) => set(typeof next === 'number' ? next : undefined)}
        />
      )
    case 'string':
      return <TextPart {...shared} schema={kind} text={typeof value === 'string' ? value : undefined} fallback={schema.default} set={set} kept={kept} />
    default:
      return (
        <JsonInput
          {...shared}
          autosize
          minRows={2}
          maxRows={10}
          formatOnBlur
          validationError="This is not JSON."
          defaultValue={value === undefined && schema.default == null ? '' : JSON.stringify(value ?? schema.default, null, 2)}
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
}

interface TextProps {
  schema: Schema
  text: string | undefined
  fallback: Json | undefined
  set: (value: string | undefined) => void
  kept: boolean
  label: string
  description: string | undefined
  required: boolean
  withAsterisk: boolean
  error: string | undefined
}

function TextPart({ schema, text, fallback, set, kept, ...shared }: TextProps) {
  const usual = typeof fallback === 'string' ? fallback : ''
  const write = (next: string) => set(next === '' && !shared.required ? undefined : next)
  if (schema.format === 'password') {
    return (
      <PasswordInput
        {...shared}
        autoComplete="new-password"
        placeholder={kept ? 'Set; write here to replace it' : ''}
        visibilityToggleButtonProps={{ 'aria-label': `Show ${shared.label}` }}
        value={text ?? ''}
        onChange={(event) => write(event.currentTarget.value)}
      />
    )
  }
  const change = { value: text ?? usual, onChange: (event: { currentTarget: { value: string } }) => set(event.currentTarget.value) }
  if ((schema.maxLength ?? 0) > LINE_MOST) return <Textarea {...shared} {...change} autosize minRows={2} maxRows={14} spellCheck={false} />
  return <TextInput {...shared} {...change} />
}
