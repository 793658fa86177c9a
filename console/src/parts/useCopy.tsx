import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { t } from '~/words/language'

const SAID_MS = 1500

export interface Copied {
  text: () => string
  label?: string
}

/** What a button or an item of a menu is given to copy text, and to say so in itself. */
export function useCopy({ text, label }: Copied) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text())
    setCopied(true)
    setTimeout(() => setCopied(false), SAID_MS)
  }
  return { leftSection: copied ? <Check size={14} /> : <Copy size={14} />, onClick: () => void copy(), children: copied ? t('Copied') : (label ?? t('Copy')) }
}
