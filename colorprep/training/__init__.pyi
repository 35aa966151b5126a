from .data.dataset import ShardDataset as ShardDataset
from .data.label_maps import LabelMapDataset as LabelMapDataset
