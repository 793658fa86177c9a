import { Drawing } from '~/parts/Drawings'

export const ShelfDrawing = () => (
  <Drawing>
    <path d="M8 25h72M8 49h72" />
    <rect x="16" y="9" width="14" height="16" rx="2" />
    <rect x="34" y="5" width="10" height="20" rx="2" />
    <rect x="50" y="11" width="20" height="14" rx="2" strokeDasharray="3 3" />
    <rect x="18" y="33" width="22" height="16" rx="2" strokeDasharray="3 3" />
    <rect x="48" y="31" width="10" height="18" rx="2" />
    <rect x="62" y="35" width="10" height="14" rx="2" />
  </Drawing>
)

export const TicketDrawing = () => (
  <Drawing>
    <path d="M14 12h60v9a6 6 0 0 0 0 12v9H14v-9a6 6 0 0 0 0-12v-9Z" />
    <path d="M56 16v22" strokeDasharray="3 3" />
    <path d="M26 23h20M26 31h12" />
  </Drawing>
)
