import { Button } from '@mantine/core'
import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { t } from '~/words/language'

const SAID_MS = 1500

/** Copies text, and says so in the button itself. */
export function CopyButton({ text, label }: { text: () => string; label?: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text())
    setCopied(true)
    setTimeout(() => setCopied(false), SAID_MS)
  }
  return (
    <Button variant="subtle" leftSection={copied ? <Check size={14} /> : <Copy size={14} />} onClick={() => void copy()}>
      {copied ? t('Copied') : (label ?? t('Copy'))}
    </Button>
  )
}
