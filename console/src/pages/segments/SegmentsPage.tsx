import { TopBar } from '~/frame/TopBar'
export const SegmentsPage = () => <TopBar title="SegmentsPage" />
