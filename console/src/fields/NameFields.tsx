import { Autocomplete, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { get } from '~/api/client'
import { eventNames, eventProperties, runs, segments, traitNames } from '~/api/queries'
import type { FieldProps } from '~/parts/SchemaForm'
import { t } from '~/words/language'
import { useEventBeside, useWriting } from './writing'

/** A name seen before, or one that will be: typing is as good as choosing. */
function Seen({ names, label, description, value, schema, set, required, error }: FieldProps & { names: string[] }) {
  const optional = schema.default === null
  return (
    <Autocomplete
      label={label}
      description={description}
      required={required}
      withAsterisk={required}
      error={error}
      data={[...new Set(names)]}
      limit={50}
      value={typeof value === 'string' ? value : typeof schema.default === 'string' ? schema.default : ''}
      onChange={(next) => set(next === '' && optional ? null : next)}
    />
  )
}

export function EventField(field: FieldProps) {
  const { data = [] } = useQuery(eventNames)
  return <Seen {...field} names={data.map(({ name }) => name)} />
}

export function TraitField(field: FieldProps) {
  const { data = [] } = useQuery(traitNames)
  return <Seen {...field} names={data.map(({ name }) => name)} />
}

export function PropertyField(field: FieldProps) {
  const { data = [] } = useQuery(eventProperties(useEventBeside()))
  return <Seen {...field} names={data.map(({ name }) => name)} />
}

export function TimeZoneField(field: FieldProps) {
  return <Seen {...field} names={['person', 'workspace', ...Intl.supportedValuesOf('timeZone')]} />
}

export function CountryField(field: FieldProps) {
  return <Seen {...field} names={['person']} />
}

export function TopicField(field: FieldProps) {
  return <Seen {...field} names={['marketing']} />
}

interface Option {
  value: string
  label: string
}

/** One of those there are, and what is written although it is not there (any more). */
function OneOf({ options, missing, label, description, value, set, required, error }: FieldProps & { options: Option[]; missing: string }) {
  const chosen = typeof value === 'string' ? value : ''
  const data = chosen && !options.some((each) => each.value === chosen) ? [...options, { value: chosen, label: chosen }] : options
  return (
    <Select
      label={label}
      description={description}
      required={required}
      withAsterisk={required}
      error={error}
      placeholder={options.length > 0 ? t('Choose one') : missing}
      searchable
      data={data}
      value={chosen || null}
      onChange={(next) => set(next ?? undefined)}
    />
  )
}

export function SegmentField(field: FieldProps) {
  const { data = [] } = useQuery(segments)
  return <OneOf {...field} missing={t('No segment is saved yet')} options={data.map(({ id, name }) => ({ value: id, label: name || id }))} />
}

export function JourneyField(field: FieldProps) {
  const { journey } = useWriting()
  const journeys = useQuery(runs('journey')).data ?? []
  const campaigns = useQuery(runs('campaign')).data ?? []
  const there = [...journeys, ...campaigns].filter(({ id }) => id !== journey)
  return <OneOf {...field} missing={t('There is no other journey yet')} options={there.map(({ id, name }) => ({ value: id, label: name || id }))} />
}

export function ExperimentField(field: FieldProps) {
  const { data = [] } = useQuery({
    queryKey: ['experiments', 'names'],
    queryFn: async ({ signal }) => {
      const told = await get<{ experiments: { id: string; name?: string; definition?: { name?: string } }[] }>('/api/experiments', {}, signal)
      return told.experiments.map(({ id, name, definition }) => ({ value: id, label: name ?? definition?.name ?? id }))
    },
    staleTime: 30_000,
  })
  return <OneOf {...field} missing={t('There is no experiment yet')} options={data} />
}
