import { Button } from '@mantine/core'
import { ListPlus, X } from 'lucide-react'
import { useState } from 'react'
import { useMay } from '~/api/may'
import { counted, t } from '~/words/language'
import { ListDialog } from './ListDialog'
import styles from './PeoplePage.module.css'

/** Those who were picked one by one. */
export function SelectedStrip({ selected, clear }: { selected: ReadonlySet<string>; clear: () => void }) {
  const may = useMay()
  const [listing, setListing] = useState(false)
  return (
    <div className={styles.selected} role="group" aria-label={t('Selected people')}>
      <strong role="status">{counted(selected.size, '{{count}} person selected', '{{count}} people selected')}</strong>
      {may('analyses:write') && (
        <Button leftSection={<ListPlus size={14} />} onClick={() => setListing(true)}>
          {t('Put on a list')}
        </Button>
      )}
      <Button variant="subtle" leftSection={<X size={14} />} onClick={clear}>
        {t('Select nobody')}
      </Button>
      {listing && <ListDialog people={selected.size} names={() => Promise.resolve([...selected])} close={() => setListing(false)} />}
    </div>
  )
}
