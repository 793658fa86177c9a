import { Button, Switch } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useMay } from '~/api/may'
import { segments } from '~/api/queries'
import type { SavedSegment } from '~/api/types'
import { TopBar } from '~/frame/TopBar'
import { Chip } from '~/parts/Chip'
import { SieveDrawing } from '~/parts/Drawings'
import { Ago } from '~/parts/Moment'
import { Page } from '~/parts/Page'
import pageStyles from '~/parts/Page.module.css'
import { Answered, Empty } from '~/parts/States'
import tableStyles from '~/parts/Table.module.css'
import { count, percent } from '~/words/numbers'
import { t } from '~/words/language'
import { toldGroup } from '~/words/toldGroups'
import { DeletedSegments } from './DeletedSegments'
import styles from './SegmentsPage.module.css'
import { useCount } from './useCount'

const here = getRouteApi('/segments')

export function SegmentsPage() {
  const navigate = useNavigate()
  const { deleted = false } = here.useSearch()
  const look = here.useNavigate()
  const query = useQuery(segments)
  const writes = useMay()('analyses:write')
  const create = () => void navigate({ to: '/segments/$id', params: { id: 'new' } })
  return (
    <>
      <TopBar title={t('Segments')}>
        <Switch label={t('Show deleted')} checked={deleted} onChange={(event) => void look({ search: event.currentTarget.checked ? { deleted: true } : {}, replace: true })} />
        {writes && (
          <Button variant="filled" leftSection={<Plus size={14} />} onClick={create}>
            {t('New segment')}
          </Button>
        )}
      </TopBar>
      <Page>
        {deleted && <DeletedSegments />}
        <Answered query={query} what={t('The segments did not load')}>
          {(saved) =>
            saved.length > 0 ? (
              <SegmentTable saved={saved} />
            ) : (
              <div className={pageStyles.card}>
                <Empty title={t('No segments yet')} drawing={<SieveDrawing />} actions={writes && <Button leftSection={<Plus size={14} />} onClick={create}>{t('New segment')}</Button>}>
                  {t('A segment is a group of people by what they did and what they are, counted while you build it.')}
                </Empty>
              </div>
            )
          }
        </Answered>
      </Page>
    </>
  )
}

function SegmentTable({ saved }: { saved: SavedSegment[] }) {
  return (
    <div className={tableStyles.block} tabIndex={0} role="region" aria-label={t('Segments')}>
      <table className={tableStyles.table}>
        <thead>
          <tr>
            <th scope="col">{t('Name')}</th>
            <th scope="col" className={styles.words}>{t('In plain words')}</th>
            <th scope="col" className={tableStyles.number}>{t('People')}</th>
            <th scope="col" className={tableStyles.number}>{t('Share')}</th>
            <th scope="col" className={tableStyles.number}>{t('Changed')}</th>
          </tr>
        </thead>
        <tbody>
          {saved.map((segment) => (
            <Row key={segment.id} segment={segment} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ segment }: { segment: SavedSegment }) {
  const { data } = useCount(segment.definition)
  return (
    <tr>
      <td>
        <Link to="/segments/$id" params={{ id: segment.id }} className={tableStyles.name}>
          {segment.name}
        </Link>{' '}
        {segment.live && (
          <Chip tone="good" dot>
            {t('live')}
          </Chip>
        )}
      </td>
      <td className={`${styles.words} quiet`} title={toldGroup(segment.words)}>
        {toldGroup(segment.words)}
      </td>
      <td className={tableStyles.number}>{count(data?.count)}</td>
      <td className={`${tableStyles.number} quiet`}>{percent(data && data.of > 0 ? data.count / data.of : null)}</td>
      <td className={`${tableStyles.number} quiet`}>
        <Ago at={segment.updated_at} />
      </td>
    </tr>
  )
}
