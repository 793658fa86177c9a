import { NumberInput, Select, TextInput } from '@mantine/core'
import type { Json } from '~/api/types'
import type { FieldProps } from '~/parts/SchemaForm'
import { t } from '~/words/language'
import styles from './Fields.module.css'

const kindOf = (value: Json | undefined) => (typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'truth' : value === null ? 'nothing' : 'text')

/** A value of a trait: "30" is not 30, so what kind it is is chosen first. */
export function ValueField({ label, description, value, schema, set, error }: FieldProps) {
  const written = value === undefined ? schema.default : value
  const kind = kindOf(written)
  const kinds = [
    { value: 'text', label: t('Text') },
    { value: 'number', label: t('A number') },
    { value: 'truth', label: t('Yes or no') },
    { value: 'nothing', label: t('Nothing') },
  ]
  const empty: Record<string, Json> = { text: '', number: 0, truth: true, nothing: null }
  return (
    <div className={styles.pair}>
      {kind === 'number' ? (
        <NumberInput label={label} description={description} error={error} value={written as number} onChange={(next) => set(typeof next === 'number' ? next : 0)} />
      ) : kind === 'truth' ? (
        <Select label={label} description={description} error={error} data={[{ value: 'true', label: t('Yes') }, { value: 'false', label: t('No') }]} value={String(written)} onChange={(next) => set(next === 'true')} />
      ) : (
        <TextInput label={label} description={description} error={error} disabled={kind === 'nothing'} value={typeof written === 'string' ? written : ''} onChange={(event) => set(event.currentTarget.value)} />
      )}
      <Select aria-label={t('Kind of {{what}}', { what: label })} data={kinds} value={kind} onChange={(next) => next && set(empty[next])} />
    </div>
  )
}
