import { AppWindow, BellRing, Hash, Inbox, type LucideIcon, Mail, MessageCircle, MessageSquare, MessageSquareText, Send, Smartphone, Webhook } from 'lucide-react'

const ICONS: Record<string, LucideIcon> = {
  email: Mail,
  sms: MessageSquareText,
  whatsapp: MessageCircle,
  telegram: Send,
  mobile_push: Smartphone,
  web_push: BellRing,
  in_app: AppWindow,
  inbox: Inbox,
  slack: Hash,
  webhook: Webhook,
}

/** The sign of a channel; its name stands beside it. */
export function MediumIcon({ medium, size = 14 }: { medium: string; size?: number }) {
  const Icon = ICONS[medium] ?? MessageSquare
  return <Icon size={size} aria-hidden="true" />
}
