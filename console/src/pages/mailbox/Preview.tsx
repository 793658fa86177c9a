import { SegmentedControl } from '@mantine/core'
import { useMemo, useState } from 'react'
import { mailDocument } from '~/parts/mailDocument'
import { t } from '~/words/language'
import styles from './MailboxPage.module.css'

/** The mail in a plain device outline, in a frame that may run nothing and belongs to no origin. */
export function Preview({ html }: { html: string }) {
  const [device, setDevice] = useState<'desktop' | 'phone'>('desktop')
  const safe = useMemo(() => mailDocument(html), [html])
  return (
    <>
      <div className={styles.bar}>
        <SegmentedControl
          aria-label={t('Device')}
          data={[
            { value: 'desktop', label: t('Desktop') },
            { value: 'phone', label: t('Phone') },
          ]}
          value={device}
          onChange={(value) => setDevice(value as 'desktop' | 'phone')}
        />
        <span>{t('Remote images stay off, so looking here is not counted as an open.')}</span>
      </div>
      <div className={styles.device} data-phone={device === 'phone' || undefined}>
        <iframe title={t('The message as it was sent')} sandbox="" srcDoc={safe} referrerPolicy="no-referrer" />
      </div>
    </>
  )
}
