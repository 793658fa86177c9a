import { useMediaQuery } from '@mantine/hooks'

/** Whether the window is as narrow as a phone's: there is room for what matters most, and the rest stands in menus. */
export const useNarrow = () => useMediaQuery('(max-width: 700px)') ?? false
