import { Button, Menu } from '@mantine/core'
import { Download } from 'lucide-react'
import { useMay } from '~/api/may'
import { Section } from '~/parts/Page'
import { t } from '~/words/language'
import styles from './DataPage.module.css'
import { ImportSection } from './ImportSection'

const FORMATS = [
  ['csv', 'CSV'],
  ['jsonl', 'JSON lines'],
  ['parquet', 'Parquet'],
] as const

/** The past in as a file, and everything out as one. */
export function FilesTab() {
  const may = useMay()
  return (
    <div className={styles.keys}>
      {may('data:write') ? <ImportSection /> : <p className="quiet">{t('Only those who may write data bring files in. An owner or admin can grant it in Settings → Accounts.')}</p>}
      {may('sql') && (
        <Section title={t('Export')} note={t('Files that Holdfast, a notebook or a warehouse reads')}>
          <div className={styles.form}>
            <Formats label={t('Every event')} path="/api/export" />
            <Formats label={t('Everybody, with their traits')} path="/api/export/people" />
          </div>
        </Section>
      )}
    </div>
  )
}

function Formats({ label, path }: { label: string; path: string }) {
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button leftSection={<Download size={14} />}>{label}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMATS.map(([format, name]) => (
          <Menu.Item key={format} component="a" href={`${path}?format=${format}`} download>
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
