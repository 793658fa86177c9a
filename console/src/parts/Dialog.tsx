import { Modal, type ModalProps } from '@mantine/core'
import { useEffect, useRef } from 'react'

type Props = Omit<ModalProps, 'opened'>

/** A dialog that is open as long as it is in the page, and gives the focus back to whatever opened it. */
export function Dialog(props: Props) {
  const opener = useRef(document.activeElement)
  const here = useRef(false)
  useEffect(() => {
    here.current = true
    const back = opener.current
    return () => {
      here.current = false
      // After the trap has let go; and not when React only mounts twice to test us.
      setTimeout(() => {
        if (!here.current && back instanceof HTMLElement && back.isConnected) back.focus()
      })
    }
  }, [])
  return <Modal opened {...props} />
}
