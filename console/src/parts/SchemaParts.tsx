import { ActionIcon, Button, Switch, Tooltip } from '@mantine/core'
import { Plus, X } from 'lucide-react'
import type { Json, Properties, Schema } from '~/api/types'
import { t } from '~/words/language'
import { type FieldProps, type FieldsByFormat, SchemaForm } from './SchemaForm'
import styles from './SchemaForm.module.css'

interface Props extends FieldProps {
  /** What is declared, without the null it may be. */
  plain: Schema
  formats: FieldsByFormat
}

const asObject = (value: Json | undefined): Properties => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {})

/** A declaration within another: its fields, indented; where there need be none, a switch says whether there is one. */
export function NestedPart({ label, description, schema, plain, value, set, error, formats }: Props) {
  const optional = schema.anyOf !== undefined
  const there = !optional || (value !== null && value !== undefined)
  return (
    <fieldset className={styles.nested} data-plain={!optional || undefined}>
      {optional ? (
        <Switch label={label} description={description} checked={there} onChange={(event) => set(event.currentTarget.checked ? begun(plain) : null)} />
      ) : (
        <>
          <legend>{label}</legend>
          {description && <p className={styles.help}>{description}</p>}
        </>
      )}
      {there && <SchemaForm schema={plain} values={asObject(value)} change={set} formats={formats} />}
      {error && <p className={styles.error}>{error}</p>}
    </fieldset>
  )
}

/** A list of declarations: each with its fields and a way to take it out. */
export function ListPart({ label, description, plain, written, set, error, formats }: Props & { written: Json[] }) {
  const items = plain.items ?? {}
  const full = plain.maxItems !== undefined && written.length >= plain.maxItems
  return (
    <fieldset className={styles.nested} data-plain>
      <legend>{label}</legend>
      {description && <p className={styles.help}>{description}</p>}
      {written.map((each, i) => (
        <div key={i} className={styles.item} role="group" aria-label={`${label} ${i + 1}`}>
          <SchemaForm schema={items} values={asObject(each)} change={(next) => set(written.map((other, at) => (at === i ? next : other)))} formats={formats} />
          <Tooltip label={t('Take {{what}} out', { what: `${label} ${i + 1}` })}>
            <ActionIcon className={styles.out} aria-label={t('Take {{what}} out', { what: `${label} ${i + 1}` })} onClick={() => set(written.filter((_, at) => at !== i))}>
              <X size={14} />
            </ActionIcon>
          </Tooltip>
        </div>
      ))}
      {error && <p className={styles.error}>{error}</p>}
      {!full && (
        <div>
          <Button variant="subtle" leftSection={<Plus size={14} />} onClick={() => set([...written, begun(items)])}>
            {t('Add one')}
          </Button>
        </div>
      )}
    </fieldset>
  )
}

/** What a declaration begins with: its required fields, empty. */
function begun(schema: Schema): Properties {
  const empty = (part: Schema | undefined): Json => {
    if (part?.default !== undefined) return part.default
    if (part?.enum) return part.enum[0] ?? null
    if (part?.type === 'integer' || part?.type === 'number') return part.format === 'seconds' ? 86_400 : (part.minimum ?? 0)
    return part?.type === 'array' ? [] : part?.type === 'object' ? begun(part) : part?.type === 'boolean' ? false : ''
  }
  return Object.fromEntries((schema.required ?? []).map((name) => [name, empty(schema.properties?.[name])]))
}
