package shop

/** A till. */
@CompileStatic
class Till implements Serializable {
    static final int LIMIT = 3

    Till(String name) { this.name = name }

    def total(List items) {
        items.sum { it.price } // }
    }

    private static <T> List<T> all(
        Map<String, T> goods
    ) {
        goods.values() as List
    }
}

task hello(type: Copy) {
    doLast { println "hi }" }
}

pipeline {
    stages {
        stage('Build') {
            steps { sh 'make' }
        }
    }
}
