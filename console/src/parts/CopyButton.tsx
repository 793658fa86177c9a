import { Button, Menu } from '@mantine/core'
import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { t } from '~/words/language'

const SAID_MS = 1500

interface Props {
  text: () => string
  label?: string
}

function useCopy({ text, label }: Props) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text())
    setCopied(true)
    setTimeout(() => setCopied(false), SAID_MS)
  }
  return { leftSection: copied ? <Check size={14} /> : <Copy size={14} />, onClick: () => void copy(), children: copied ? t('Copied') : (label ?? t('Copy')) }
}

/** Copies text, and says so in the button itself. */
export function CopyButton(props: Props) {
  return <Button variant="subtle" {...useCopy(props)} />
}

/** The same in a menu, which stays open to say so. */
export function CopyItem(props: Props) {
  return <Menu.Item closeMenuOnClick={false} {...useCopy(props)} />
}
