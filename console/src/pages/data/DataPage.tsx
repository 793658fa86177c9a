import { TopBar } from '~/frame/TopBar'
export const DataPage = () => <TopBar title="DataPage" />
