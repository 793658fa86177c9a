import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { segments } from '~/api/queries'
import { t } from '~/words/language'

/** Everyone, or the people of a saved segment. */
export function SegmentField({ segment, set }: { segment: string | undefined; set: (segment: string | undefined) => void }) {
  const saved = useQuery(segments).data ?? []
  const gone = segment !== undefined && !saved.some(({ id }) => id === segment)
  const data = [{ value: '', label: t('Everyone') }, ...saved.map(({ id, name }) => ({ value: id, label: name })), ...(gone ? [{ value: segment, label: segment }] : [])]
  return <Select label={t('Who')} searchable data={data} value={segment ?? ''} onChange={(id) => set(id || undefined)} nothingFoundMessage={t('No segment is called that')} />
}
