import { ActionIcon, Select, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ChevronDown, ChevronRight, X } from 'lucide-react'
import { useMemo, useState } from 'react'
import { conditionKinds } from '~/api/audiences'
import type { Properties, Schema } from '~/api/types'
import { STEP_FORMATS } from '~/fields/formats'
import { WritingContext } from '~/fields/writing'
import { type FieldsByFormat, SchemaForm } from '~/parts/SchemaForm'
import { declared } from '~/words/declared'
import { t } from '~/words/language'
import { toldGroup } from '~/words/toldGroups'
import styles from './Builder.module.css'
import { useBuilder } from './builderContext'
import { RARE } from './decode'
import { encode, type Other } from './model'
import { operatorsFor } from './operators'
import { RuleCount } from './RuleCount'
import { useCount } from './useCount'

const FORMATS: FieldsByFormat = {
  ...STEP_FORMATS,
  operand: STEP_FORMATS['trait_value']!,
  group_trait: STEP_FORMATS['trait']!,
  operator: ({ label, value, set }) => (
    <Select label={label} searchable data={operatorsFor('text', String(value ?? ''))} value={typeof value === 'string' ? value : null} onChange={(next) => set(next ?? undefined)} />
  ),
}

/** A rule of any kind that has no row of its own: its words, and under them the form its kind declares. */
export default function OtherRule({ rule }: { rule: Other }) {
  const builder = useBuilder()
  const { data: kinds = [] } = useQuery(conditionKinds)
  const kind = kinds.find(({ type }) => type === rule.type)
  const definition = encode(rule)
  const { data, error } = useCount(definition)
  const [open, setOpen] = useState(() => rule.required.length > 0)
  const label = kind ? declared(kind.label) : rule.type
  const words = definition === null ? t('Not finished') : (error?.message ?? toldGroup(data?.words ?? ''))
  return (
    <div className={styles.rule}>
      <div className={styles.fields}>
        <div className={styles.said}>
          <Select
            aria-label={t('Holds or does not')}
            w={94}
            data={[
              { value: 'yes', label: t('Holds') },
              { value: 'no', label: t('Not') },
            ]}
            value={rule.negated ? 'no' : 'yes'}
            onChange={(value) => builder.change(rule, { negated: value === 'no' })}
          />
          <button type="button" className={styles.opener} aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? <ChevronDown size={14} aria-hidden="true" /> : <ChevronRight size={14} aria-hidden="true" />}
            <b>{label}</b>
            <span className={error ? styles.wrong : 'quiet'}>{words.replace(/\*\*/g, '')}</span>
          </button>
        </div>
        <div className={styles.tools}>
          <Tooltip label={t('Remove rule')}>
            <ActionIcon aria-label={t('Remove rule')} className={styles.remove} onClick={() => builder.remove(rule.id)}>
              <X size={14} />
            </ActionIcon>
          </Tooltip>
        </div>
        <RuleCount node={rule} />
      </div>
      {open && kind && <KindForm rule={rule} schema={kind.schema as Schema} about={declared(kind.about)} />}
    </div>
  )
}

function KindForm({ rule, schema, about }: { rule: Other; schema: Schema; about: string }) {
  const builder = useBuilder()
  const names = Object.keys(schema.properties ?? {})
  const rare = names.filter((name) => RARE.has(name))
  const change = (values: Properties) => builder.change(rule, { values: tidy(values) })
  // The names of properties are those of the event written beside them.
  const writing = useMemo(() => ({ of: rule.values, journey: '' }), [rule.values])
  return (
    <div className={styles.form} role="group" aria-label={about}>
      <p className="quiet">{about}</p>
      <WritingContext value={writing}>
        <div className={styles.asked}>
          <SchemaForm schema={schema} values={rule.values} formats={FORMATS} change={change} without={[...RARE]} />
        </div>
        {rare.length > 0 && (
          <details className={styles.rare} open={rare.some((name) => name in rule.values)}>
            <summary>{t('Days and time zone')}</summary>
            <div className={styles.asked}>
              <SchemaForm schema={schema} values={rule.values} formats={FORMATS} change={change} without={names.filter((name) => !RARE.has(name))} />
            </div>
          </details>
        )}
      </WritingContext>
    </div>
  )
}

/** What says nothing is left out, so that the rule stays as it would be written by hand. */
const tidy = (values: Properties): Properties =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)))

