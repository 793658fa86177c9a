import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { PEOPLE_ON_A_PAGE, type Side, segmentMoved } from '~/api/audiences'
import type { Json } from '~/api/types'
import { PeopleDrawing } from '~/parts/Drawings'
import { Pager } from '~/parts/Pager'
import { PeopleLines } from '~/parts/PeopleLines'
import { SideDrawer } from '~/parts/SideDrawer'
import { Answered, Empty, Waiting } from '~/parts/States'
import { counted, t } from '~/words/language'
import { clock, shortDay } from '~/words/moments'
import { count, signed } from '~/words/numbers'

/** Between which moments; a day stands for its beginning in the workspace's zone, and no second one for now. */
export interface Span {
  since: string
  until: string | null
}

/** Who came into a segment between two moments, who went, and who was in it at the second. */
export function CameAndWent({ definition, span, first, close }: { definition: Json; span: Span; first: Side; close: () => void }) {
  const [side, setSide] = useState<Side>(first)
  const [page, setPage] = useState(1)
  const query = useQuery(segmentMoved(definition, span, side, page))
  const turn = (next: string) => {
    setSide(next as Side)
    setPage(1)
  }
  return (
    <SideDrawer title={t('Who came and went')} close={close}>
      <Answered query={query} what={t('Who came and went did not load')} waiting={<Waiting rows={8} height={44} />}>
        {(found) => {
          const many = { entered: found.entered, left: found.left, there: found.after }[side]
          return (
            <>
              <p className="quiet">{t('From {{since}} to {{until}}, by all that is known now.', { since: said(found.since), until: said(found.until) })}</p>
              <SegmentedControl
                aria-label={t('Whom to show')}
                data={[
                  { value: 'entered', label: t('Came {{count}}', { count: signed(found.entered, 0) }) },
                  { value: 'left', label: t('Went {{count}}', { count: signed(-found.left, 0) }) },
                  { value: 'there', label: t('In it then {{count}}', { count: count(found.after) }) },
                ]}
                value={side}
                onChange={turn}
              />
              {many === 0 ? (
                <Empty title={t('Nobody')} drawing={<PeopleDrawing />}>
                  {NOBODY[side]}
                </Empty>
              ) : (
                <>
                  <p role="status">{counted(many, '{{count}} person', '{{count}} people')}</p>
                  <PeopleLines people={found.people} stale={query.isPlaceholderData} />
                  <Pager page={page} pages={Math.ceil(many / PEOPLE_ON_A_PAGE)} go={setPage} />
                </>
              )}
            </>
          )
        }}
      </Answered>
    </SideDrawer>
  )
}

const NOBODY: Record<Side, string> = {
  entered: t('Nobody came into it in that time who was not in it at its beginning.'),
  left: t('Nobody who was in it at the beginning of that time is out of it at its end.'),
  there: t('Nobody was in it at that moment.'),
}

const said = (moment: string) => `${shortDay(moment, new Date())}, ${clock(moment)}`
