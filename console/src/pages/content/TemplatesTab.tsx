import { Button, Select, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { blocks as blocksQuery, media as mediaQuery, templates as templatesQuery } from '~/api/channels'
import { useMay } from '~/api/may'
import type { SavedHeading } from '~/api/types'
import { LetterDrawing } from '~/parts/Drawings'
import { Ago } from '~/parts/Moment'
import { Section } from '~/parts/Page'
import pageStyles from '~/parts/Page.module.css'
import { Answered, Empty } from '~/parts/States'
import table from '~/parts/Table.module.css'
import { channelName } from '~/words/happenings'
import { counted, t } from '~/words/language'
import { slug } from '../segments/slug'
import { Channel } from '../channels/ConnectionsTab'
import styles from '../channels/ChannelsPage.module.css'

/** Everything that is saved, each in its newest version. */
export function TemplatesTab() {
  const query = useQuery(templatesQuery)
  const blocks = useQuery(blocksQuery).data ?? []
  const mayWrite = useMay()('content:write')
  return (
    <div className={styles.sections}>
      {mayWrite && <NewTemplate />}
      <Answered query={query} what={t('The templates did not load')}>
        {(saved) =>
          saved.length > 0 ? (
            <SavedTable saved={saved} />
          ) : (
            <div className={pageStyles.card}>
              <Empty title={t('No templates yet')} drawing={<LetterDrawing />}>
                {t('What is written once as a template can be sent by any number of journeys and campaigns.')}
              </Empty>
            </div>
          )
        }
      </Answered>
      <Section title={t('Blocks')} note={blocks.length > 0 ? counted(blocks.length, '{{count}} piece that templates share, put in by {% block "id" %}', '{{count}} pieces that templates share, put in by {% block "id" %}') : t('Pieces that templates share, such as a footer')}>
        <div className={styles.sections}>
          {mayWrite && <NewBlock />}
          {blocks.length > 0 && (
            <div className={table.block} tabIndex={0} role="region" aria-label={t('Blocks')}>
              <table className={table.table}>
                <thead>
                  <tr>
                    <th scope="col">{t('Name')}</th>
                    <th scope="col">{t('Id')}</th>
                    <th scope="col">{t('Version')}</th>
                    <th scope="col">{t('Saved')}</th>
                  </tr>
                </thead>
                <tbody>
                  {blocks.map((each) => (
                    <tr key={each.id}>
                      <td>
                        <Link to="/content/blocks/$id" params={{ id: each.id }} className={table.name}>
                          {each.name || each.id}
                        </Link>
                      </td>
                      <td className="mono quiet">{each.id}</td>
                      <td className="quiet">v{each.version}</td>
                      <td className="quiet">
                        <Ago at={each.saved_at} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </div>
      </Section>
    </div>
  )
}

function SavedTable({ saved }: { saved: SavedHeading[] }) {
  return (
    <div className={table.block} tabIndex={0} role="region" aria-label={t('Templates')}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">{t('Name')}</th>
            <th scope="col">{t('Channel')}</th>
            <th scope="col">{t('Version')}</th>
            <th scope="col">{t('Saved')}</th>
            <th scope="col">{t('By')}</th>
          </tr>
        </thead>
        <tbody>
          {saved.map((each) => (
            <tr key={each.id}>
              <td>
                <Link to="/content/$id" params={{ id: each.id }} className={table.name}>
                  {each.name || each.id}
                </Link>
              </td>
              <td>
                <Channel medium={each.medium} />
              </td>
              <td className="quiet">v{each.version}</td>
              <td className="quiet">
                <Ago at={each.saved_at} />
              </td>
              <td className="quiet">{each.by || '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function NewTemplate() {
  const navigate = useNavigate()
  const media = useQuery(mediaQuery).data ?? []
  const [name, setName] = useState('')
  const [medium, setMedium] = useState('email')
  return (
    <form
      className={styles.row}
      onSubmit={(event) => {
        event.preventDefault()
        void navigate({ to: '/content/$id', params: { id: slug(name, 'template') }, search: { medium, name: name.trim() } })
      }}
    >
      <TextInput label={t('Name of a new template')} w={240} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <Select label={t('Channel')} w={180} data={media.map((each) => ({ value: each.name, label: channelName(each.name) }))} value={medium} onChange={(next) => setMedium(next ?? 'email')} />
      <Button type="submit" variant="filled" disabled={!slug(name, 'template')}>
        {t('Write template')}
      </Button>
    </form>
  )
}

function NewBlock() {
  const navigate = useNavigate()
  const [name, setName] = useState('')
  return (
    <form
      className={styles.row}
      onSubmit={(event) => {
        event.preventDefault()
        void navigate({ to: '/content/blocks/$id', params: { id: slug(name, 'block') }, search: { name: name.trim() } })
      }}
    >
      <TextInput label={t('Name of a new block')} w={240} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <Button type="submit" disabled={!name.trim()}>
        {t('Write block')}
      </Button>
    </form>
  )
}
