import { Drawer } from '@mantine/core'
import '@mantine/core/styles/Drawer.css'
import { type ReactNode, useEffect, useRef } from 'react'
import { t } from '~/words/language'
import styles from './SideDrawer.module.css'

/** What is looked at beside a page; open as long as it is there. Esc closes it, and the focus goes back to its opener. */
export function SideDrawer({ title, close, children }: { title: string; close: () => void; children: ReactNode }) {
  const opener = useRef(document.activeElement)
  useEffect(() => {
    const back = opener.current
    return () => void setTimeout(() => back instanceof HTMLElement && back.isConnected && back.focus())
  }, [])
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size={440}
      title={title}
      closeButtonProps={{ 'aria-label': t('Close') }}
      classNames={{ content: styles.panel ?? '', header: styles.head ?? '', overlay: styles.scrim ?? '' }}
      transitionProps={{ duration: 150 }}
    >
      <div className={styles.inner}>{children}</div>
    </Drawer>
  )
}
