import { SegmentedControl } from '@mantine/core'
import { useMemo, useState } from 'react'
import { mailDocument } from '~/parts/mailDocument'
import styles from './MailboxPage.module.css'

/** The mail in a plain device outline, in a frame that may run nothing and belongs to no origin. */
export function Preview({ html }: { html: string }) {
  const [device, setDevice] = useState<'desktop' | 'phone'>('desktop')
  const safe = useMemo(() => mailDocument(html), [html])
  return (
    <>
      <div className={styles.bar}>
        <SegmentedControl
          aria-label="Device"
          data={[
            { value: 'desktop', label: 'Desktop' },
            { value: 'phone', label: 'Phone' },
          ]}
          value={device}
          onChange={(value) => setDevice(value as 'desktop' | 'phone')}
        />
        <span>Remote images stay off, so looking here is not counted as an open.</span>
      </div>
      <div className={styles.device} data-phone={device === 'phone' || undefined}>
        <iframe title="The message as it was sent" sandbox="" srcDoc={safe} referrerPolicy="no-referrer" />
      </div>
    </>
  )
}
