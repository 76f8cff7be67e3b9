"""Search in embeddings: the file that holds them and the index over them.

FAISS is imported when an index is made or loaded, not by this package.
"""

from simclr_tf.retrieval.embedding_file import Embeddings as Embeddings
from simclr_tf.retrieval.embedding_file import read_embeddings as read_embeddings
from simclr_tf.retrieval.embedding_file import write_embeddings as write_embeddings
from simclr_tf.retrieval.engine import ENGINES as ENGINES
from simclr_tf.retrieval.engine import SearchEngine as SearchEngine
from simclr_tf.retrieval.gallery_index import gallery_index as gallery_index
from simclr_tf.retrieval.gallery_search import FoundPicture as FoundPicture
from simclr_tf.retrieval.gallery_search import GallerySearch as GallerySearch
from simclr_tf.retrieval.index import Index as Index
