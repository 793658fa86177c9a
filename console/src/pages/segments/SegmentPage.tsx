import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { segments } from '~/api/queries'
import type { Json, SavedSegment } from '~/api/types'
import { TopBar } from '~/frame/TopBar'
import { Failed, Missing, Waiting } from '~/parts/States'
import { Page, Section } from '~/parts/Page'
import { t } from '~/words/language'
import { toldGroup } from '~/words/toldGroups'
import { decode, Misshapen } from './decode'
import { LiveSection } from './LiveSection'
import { newDid, newGroup, type Group } from './model'
import { SegmentBuilder } from './SegmentBuilder'

const here = getRouteApi('/segments/$id')
const PARENT = { to: '/segments', label: t('Segments') } as const

/** One saved segment, or a new one at the id "new". */
export function SegmentPage() {
  const { id } = here.useParams()
  const query = useQuery({ ...segments, enabled: id !== 'new' })
  const saved = query.data?.find((segment) => segment.id === id)
  if (id === 'new') return <SegmentBuilder key="new" saved={null} start={firstDraft} />
  if (saved) {
    const tree = drawn(saved.definition)
    if (!tree) return <AsJson saved={saved} />
    return <SegmentBuilder key={id} saved={saved} start={() => tree} />
  }
  return (
    <>
      <TopBar title={id} parent={PARENT} />
      {query.isError ? (
        <Failed what={t('This segment did not load')} error={query.error} retry={() => void query.refetch()} />
      ) : query.data ? (
        <Missing said={t('There is no segment “{{id}}”', { id })} parent={PARENT} />
      ) : (
        <Waiting />
      )}
    </>
  )
}

/** The builder's tree; nothing when the definition says what the builder has no picture for. */
function drawn(definition: Json): Group | null {
  try {
    return decode(definition)
  } catch (refused) {
    if (refused instanceof Misshapen) return null
    throw refused
  }
}

/** A segment made elsewhere, from conditions the builder does not draw: told in words and as it is written. */
function AsJson({ saved }: { saved: SavedSegment }) {
  return (
    <>
      <TopBar title={saved.name} parent={PARENT} about={`segment:${saved.id}`} />
      <Page>
        <Section title={t('In plain words')} note={t('It is not shaped as the builder draws it; change it by API or command line.')}>
          <p>{toldGroup(saved.words)}</p>
        </Section>
        <Section title={t('Kept live')}>
          <LiveSection saved={saved} />
        </Section>
        <Section title={t('As it is written')}>
          <pre tabIndex={0} aria-label={t('Definition')}>
            {JSON.stringify(saved.definition, null, 2)}
          </pre>
        </Section>
      </Page>
    </>
  )
}

function firstDraft(): Group {
  return newGroup('all', [newDid()])
}
